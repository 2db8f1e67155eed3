import { setTimeout as later } from 'node:timers/promises';
import { Agent, fetch as undiciFetch, interceptors, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sluice } from '../../src/http/interceptor.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { VirtualClock } from '../virtualClock.js';
import { inTurn, status, type Reply } from './loopback.js';
import { patiently, read, setUp } from './throughInterceptor.js';

/** A server that counts as strictly as can be, at an instant of its own between two latencies. */
function strict(
  limit: number,
  intervalMs: number,
): { readonly counted: number[]; over: number; readonly reply: Reply } {
  const random = seededRandom(7);
  const latencyMs = (): number => 1 + 20 * random();
  const log = {
    counted: [] as number[],
    over: 0,
    reply: ((response) => {
      void (async () => {
        await later(latencyMs());
        const nowMs = performance.now();
        const inWindow = log.counted.filter((atMs) => nowMs - atMs < intervalMs).length;
        log.counted.push(nowMs);
        if (inWindow >= limit) log.over++;
        await later(latencyMs());
        response.writeHead(inWindow >= limit ? 429 : 200).end('an answer');
      })();
    }) as Reply,
  };
  return log;
}

describe('the limits', () => {
  it.each([
    ['request', (url: string, dispatcher: never) => request(url, { dispatcher }).then(({ body }) => body.text())],
    ['fetch', (url: string, dispatcher: never) => undiciFetch(url, { dispatcher }).then((answer) => answer.text())],
  ])('should hold as the server counts, for %s', async (_, get) => {
    const log = strict(50, 250);
    const limits = [slidingWindow({ limit: 50, intervalMs: 250 })];
    const { server, dispatcher } = await setUp({ '/': log.reply }, {}, { limits });
    await Promise.all(Array.from({ length: 200 }, () => get(`${server.url}/`, dispatcher as never)));
    expect(log.counted).toHaveLength(200);
    expect(log.over).toBe(0);
  });

  it('should keep everybody waiting for as long as a refusal asks, and then let one try', async () => {
    const hintMs = 150;
    const reply = inTurn(status(429, { 'retry-after-ms': String(hintMs) }), status(200));
    const { server, dispatcher } = await setUp({ '/': reply, '/other': status(200) }, {}, { limits: [] });
    const refused = await request(`${server.url}/`, { dispatcher });
    const refusedAtMs = server.arrivals[0]?.atMs ?? NaN;
    const others = Array.from({ length: 10 }, () => request(`${server.url}/other`, { dispatcher }));
    await refused.body.dump();
    for (const { body } of await Promise.all(others)) await body.dump();
    const waits = server.arrivals.slice(1).map(({ atMs }) => atMs - refusedAtMs);
    expect(waits).toHaveLength(10);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(hintMs);
    expect(refused.statusCode).toBe(429);
  });

  it('should hear a refusal by its head, while its body still comes', async () => {
    const reply: Reply = (response) => {
      response.writeHead(429, { 'retry-after': '30', 'content-length': '1000' });
      response.write('some');
    };
    const clock = new VirtualClock();
    const { server, dispatcher, limiter } = await setUp({ '/': reply }, {}, { clock });
    const { body } = await request(`${server.url}/`, { dispatcher });
    expect(limiter.snapshot()).toMatchObject({ active: 1, coolDownMs: 30_000 });
    body.destroy();
  });
});

describe('the cool-down', () => {
  const exhausted = { ratelimit: '"burst";r=0;t=30' };

  it.each([
    ['a 429 with a hint', 429, { 'retry-after': '7' }, 7_000],
    [
      'a 429 with a date',
      429,
      { 'retry-after': 'Sun, 01 Nov 2026 00:01:00 GMT', date: 'Sun, 01 Nov 2026 00:00:00 GMT' },
      60_000,
    ],
    ['a 429 with a limit that is used up', 429, exhausted, 30_000],
    ['a 429 without a hint, by backoff', 429, {}, 1_000],
    ['a 503 with a hint', 503, { 'retry-after': '7' }, 7_000],
    ['no 503 without', 503, {}, 0],
    ['a 403 with a hint', 403, { 'retry-after': '7' }, 7_000],
    ['no 403 without', 403, { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '30' }, 0],
    ['no 500', 500, { 'retry-after': '7' }, 0],
    ['a success that says that a limit is used up', 200, exhausted, 30_000],
    ['one that says it in an older form', 200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, 30_000],
    ['a 403 that says so', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, 30_000],
    ['no success with units left', 200, { ratelimit: '"burst";r=1;t=30' }, 0],
    ['no success that asks to come back later', 202, { 'retry-after': '30' }, 0],
  ])('should follow %s', async (_, code, headers, coolDownMs) => {
    const options = { clock: new VirtualClock(), random: () => 0, limits: [] };
    const setup = await setUp(
      { '/': status(code, { date: 'Sun, 01 Nov 2026 00:00:00 GMT', ...headers }) },
      {},
      options,
    );
    await read(setup);
    expect(setup.limiter.snapshot().coolDownMs).toBe(coolDownMs);
  });

  it('should not even begin for a limit that is open again', async () => {
    const setup = await setUp({ '/': status(200, { ratelimit: '"burst";r=0;t=0' }) });
    const events: string[] = [];
    setup.limiter.on(({ type }) => events.push(type));
    await read(setup);
    expect(events).toEqual(['admitted']);
  });

  it('should not follow limits that are used up where it is told so', async () => {
    const clock = new VirtualClock();
    const setup = await setUp({ '/': status(200, exhausted) }, { coolWhenExhausted: false }, { clock });
    await read(setup);
    expect(setup.limiter.snapshot().coolDownMs).toBe(0);
  });

  it.each([
    ['too-fast', 5_000, 'too-fast'],
    ['no-slot', 0, 'no-slot'],
    ['invalid', 0, 'failed'],
  ] as const)('should follow a classifier that finds %s', async (meaning, coolDownMs, outcome) => {
    const classify = (statusCode: number, headers: Readonly<Record<string, unknown>>) =>
      statusCode === 400 && headers['x-reason'] === 'busy' ? ({ meaning, hintMs: 5_000 } as const) : undefined;
    const options = { clock: new VirtualClock() };
    const setup = await setUp({ '/': status(400, { 'x-reason': 'busy' }) }, { classify }, options);
    await read(setup);
    expect(setup.limiter.snapshot().coolDownMs).toBe(coolDownMs);
    expect(setup.record.outcomes).toEqual([outcome]);
  });

  it('should not ask a classifier about what comes before the answer', async () => {
    const asked: number[] = [];
    const reply: Reply = (response) => response.writeEarlyHints({ link: '</a>' }, () => response.end('late'));
    const setup = await setUp({ '/': reply }, { classify: (statusCode) => void asked.push(statusCode) });
    await read(setup);
    expect(asked).toEqual([200]);
  });

  it('should leave a 429 to a classifier that has another view', async () => {
    const setup = await setUp({ '/': status(429, { 'retry-after': '7' }) }, { classify: () => undefined });
    await read(setup);
    expect(setup.limiter.snapshot().coolDownMs).toBe(0);
  });
});

describe('with the retries of undici', () => {
  const refusal = status(429, { 'retry-after-ms': '50' });
  const flaky = () => ({ '/': inTurn(refusal, refusal, status(200)) });
  const retry = () => interceptors.retry({ minTimeout: 1, maxRetries: 5 });
  const limits = () => [concurrency({ limit: 1 }), slidingWindow({ limit: 100, intervalMs: 60_000 })];

  async function compose(...order: readonly ('sluice' | 'retry')[]) {
    const setup = await setUp(flaky());
    const limiter = createLimiter({ limits: limits() });
    const refusals: unknown[] = [];
    limiter.on((event) => event.type === 'refused' && refusals.push(event.refusal));
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    const dispatcher = agent.compose(order.map((it) => (it === 'sluice' ? sluice(limiter) : retry())));
    await expect(read({ ...setup, dispatcher })).resolves.toBe('an answer');
    const used = limiter.snapshot().limits.map(({ name, used }) => [name, used]);
    return { arrivals: setup.server.arrivals, refusals, used: Object.fromEntries(used) as Record<string, number> };
  }

  it('should take a permit for each try where they are above, and cool down between them', async () => {
    const { arrivals, refusals, used } = await compose('sluice', 'retry');
    expect(arrivals).toHaveLength(3);
    expect(used).toEqual({ concurrency: 0, '100 per 60000 ms': 3 });
    expect(refusals).toEqual([
      { meaning: 'too-fast', hintMs: 50 },
      { meaning: 'too-fast', hintMs: 50 },
    ]);
    const [first = NaN, second = NaN, third = NaN] = arrivals.map(({ atMs }) => atMs);
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(50);
  });

  it('should miss the tries and their refusals where they are below', async () => {
    const { arrivals, refusals, used } = await compose('retry', 'sluice');
    expect(arrivals).toHaveLength(3);
    expect(used).toEqual({ concurrency: 0, '100 per 60000 ms': 1 });
    expect(refusals).toEqual([]);
  });

  it('should let a try that waits be aborted', async () => {
    const setup = await setUp({ '/': status(429, { 'retry-after': '3600' }) });
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    const retrying = interceptors.retry({ minTimeout: 1, retry: (_error, _context, callback) => callback(null) });
    const dispatcher = agent.compose(sluice(setup.limiter), retrying);
    const aborting = new AbortController();
    const trying = request(`${setup.server.url}/`, { dispatcher, signal: aborting.signal });
    await expect.poll(() => setup.limiter.waiting, patiently).toBe(1);
    aborting.abort(new Error('no patience'));
    await expect(trying).rejects.toThrow('no patience');
    expect(setup.limiter).toMatchObject({ active: 0, waiting: 0 });
    expect(setup.server.arrivals).toHaveLength(1);
  });
});
