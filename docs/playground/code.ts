import { defaults, type Settings } from './scenario.js';

/** The limiter and the retries of these settings, as a module that uses the library. */
export function asCode(settings: Settings): string {
  const limits = limitsIn(settings);
  const factories = [...new Set(limits.map((it) => it.slice(0, it.indexOf('('))))];
  const imports = [...factories, 'concurrencyLimit', 'createLimiter', 'retryWithJitter'].sort();
  const isShared = settings.users > 1 && settings.fair;
  const weights = [settings.weightA, settings.weightB, settings.weightC, settings.weightD].slice(0, settings.users);
  const isWeighted = isShared && new Set(weights).size > 1;
  return [
    `import { mergeMap, of } from 'rxjs';`,
    `import { ${imports.join(', ')} } from 'sluice';`,
    '',
    'const limiter = createLimiter({',
    ...(limits.length === 0 ? ['  limits: [],'] : ['  limits: [', ...limits.map((it) => `    ${it},`), '  ],']),
    ...(settings.reads ? ['  classify,'] : []),
    '});',
    ...(isWeighted
      ? [`const weights = { ${weights.map((it, user) => `${'ABCD'.charAt(user)}: ${it}`).join(', ')} };`]
      : []),
    '',
    'const results$ = items$.pipe(',
    '  mergeMap((item) =>',
    '    of(item).pipe(',
    `      concurrencyLimit(request, { limiter${isShared ? ', key: (it) => it.user' : ''}${isWeighted ? ', weight: (it) => weights[it.user]' : ''} }),`,
    `      retryWithJitter({ ${retriesIn(settings).join(', ')} }),`,
    '    ),',
    '  ),',
    ');',
    '',
  ].join('\n');
}

function limitsIn(settings: Settings): readonly string[] {
  const { window, limit, intervalMs, countUntil, headroom, evenly, evenLimit, evenIntervalMs } = settings;
  const { bucket, bucketSize, bucketRefill, bucketIntervalMs, slots, slotCount } = settings;
  const { adaptive, adaptiveMax, adaptiveInitial } = settings;
  return [
    window &&
      call('slidingWindow', {
        limit,
        intervalMs,
        countUntil: countUntil === 'start' && `'start'`,
        headroom: headroom > 0 && headroom / 100,
      }),
    evenly && call('evenly', { limit: evenLimit, intervalMs: evenIntervalMs }),
    bucket && call('tokenBucket', { capacity: bucketSize, refill: bucketRefill, intervalMs: bucketIntervalMs }),
    slots && call('concurrency', { limit: slotCount }),
    adaptive && call('adaptiveConcurrency', { max: adaptiveMax, initial: adaptiveInitial }),
  ].filter((it) => it !== false);
}

/** What is as it would be anyway is left out. */
function retriesIn({ maxRetries, baseMs, capMs, jitter, reads }: Settings): readonly string[] {
  return [
    maxRetries !== defaults.maxRetries && `maxRetries: ${maxRetries}`,
    baseMs !== defaults.baseMs && `baseMs: ${grouped(baseMs)}`,
    capMs !== defaults.capMs && `capMs: ${grouped(capMs)}`,
    jitter !== defaults.jitter && `jitter: '${jitter}'`,
    reads && 'classify',
  ].filter((it) => it !== false);
}

function call(name: string, options: Readonly<Record<string, number | string | false>>): string {
  const written = Object.entries(options).filter(([, value]) => value !== false);
  const figures = written.map(
    ([key, value]) => `${key}: ${typeof value === 'number' ? grouped(value) : String(value)}`,
  );
  return `${name}({ ${figures.join(', ')} })`;
}

function grouped(figure: number): string {
  return Number.isInteger(figure) ? figure.toLocaleString('en').replaceAll(',', '_') : String(figure);
}
