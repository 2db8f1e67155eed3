import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { scaledClock, systemClock } from 'sluice';
import { problem, type Answered, type Asked } from './answers.js';
import { AtelierModel, type AtelierRules, type Job } from './atelierModel.js';

/** What a request is for, and which of its kind it is, from 1. */
export interface Occasion {
  readonly kind: 'submit' | 'look-up' | 'poll' | 'limits';
  readonly nth: number;
}

/**
 * What goes wrong with a request. Nothing is done: it is refused with `429` or `503` and a time; `busy`, the 503 of a
 * proxy, without one; it is `unheard`, the connection cut. It is carried out: and answered with `500`; with `409`, as if
 * it were still at it; `lost`, the connection cut; `silent`, never answered; `doubled`, carried out once more.
 */
export type Fault = '429' | '503' | 'busy' | 'unheard' | '500' | '409' | 'lost' | 'silent' | 'doubled';

export interface AtelierOptions extends Partial<Omit<AtelierRules, 'epochAtMs' | 'pictureUrl'>> {
  /** The port on 127.0.0.1. @defaultValue 0: one that is free */
  readonly port?: number;
  /** How many times as fast its time runs. @defaultValue 1 */
  readonly speed?: number;
  /** How long the URL of a picture serves, in ms. @defaultValue 60000 */
  readonly urlMs?: number;
  readonly faultOf?: (occasion: Occasion) => Fault | undefined;
}

/** What really happened; nothing of it is read from what admits requests. */
export interface AtelierBooks {
  readonly log: readonly {
    readonly atMs: number;
    readonly kind: Occasion['kind'] | 'other';
    readonly status: number;
  }[];
  readonly jobs: readonly Job[];
  /** Requests for a job that existed already. */
  readonly replayed: number;
  /** Refusals that were no fault's, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** The most requests that passed in any window. */
  readonly greatestWindow: number;
  /** The most jobs at once. */
  readonly greatestRunning: number;
  /** What all jobs cost, in thousandths of a dollar. */
  readonly cost: number;
}

/** Atelier Nowhere on 127.0.0.1: strict, with books to assert on, and faults on demand. */
export async function startAtelier(options: AtelierOptions = {}) {
  const { port = 0, speed = 1, urlMs = 60_000, faultOf, ...given } = options;
  const clock = scaledClock(systemClock, speed);
  const secret = randomBytes(16);
  const server = createServer((request, response) => void serve(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`;
  const rules: AtelierRules = {
    token: 'nowhere-token',
    requests: { limit: 20, windowMs: 10_000 },
    jobs: 4,
    balance: 10_000,
    jobMs: (nth) => 3_000 + 1_000 * (nth % 7),
    ...given,
    epochAtMs: clock.epochNow() - clock.now(),
    pictureUrl: (id, nowMs) => signed(`/pictures/${id}.png`, Math.floor(nowMs + urlMs)),
  };
  const model = new AtelierModel(rules);
  const log: AtelierBooks['log'][number][] = [];
  const refused: Record<string, number> = {};
  const counts = new Map<string, number>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = request;
    const url = new URL(target, origin);
    const body = await json(request).catch(() => undefined);
    const token = headers.authorization?.replace(/^Bearer /, '');
    const key = headers['idempotency-key']?.toString();
    if (url.pathname.startsWith('/pictures/')) sendPicture(url, response);
    else answer({ method, url, token, key, body }, response);
  }

  function answer(asked: Asked, response: ServerResponse): void {
    const kind = kindOf(asked);
    const nth = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nth);
    const fault = kind === 'other' ? undefined : faultOf?.({ kind, nth });
    const answered = outcome(asked, fault);
    log.push({ atMs: clock.now(), kind, status: answered.status });
    if (fault === 'lost' || fault === 'unheard') response.socket?.resetAndDestroy();
    else if (fault !== 'silent') send(response, answered);
  }

  function outcome(asked: Asked, fault: Fault | undefined): Answered {
    const undone = fault && instead.get(fault);
    if (undone !== undefined) return undone;
    const answered = model.answer(asked, clock.now());
    if (answered.status >= 400) refused[answered.status] = (refused[answered.status] ?? 0) + 1;
    if (fault === 'doubled') return model.answer(asked, clock.now());
    return (fault && afterwards.get(fault)) ?? answered;
  }

  function sendPicture(url: URL, response: ServerResponse): void {
    const expiresAtMs = Number(url.searchParams.get('expires'));
    const isGood = signed(url.pathname, expiresAtMs) === url.href && clock.now() < expiresAtMs;
    if (isGood) response.writeHead(200, { 'content-type': 'image/png', 'content-length': png.length }).end(png);
    else send(response, problem(403, 'that URL has expired'));
  }

  function signed(path: string, expiresAtMs: number): string {
    const signature = createHmac('sha256', secret).update(`${path} ${expiresAtMs}`).digest('hex');
    return `${origin}${path}?expires=${expiresAtMs}&signature=${signature}`;
  }

  return {
    url: origin,
    token: rules.token,
    books: (): AtelierBooks => ({
      log: [...log],
      jobs: [...model.jobs],
      replayed: model.replayed,
      refused: { ...refused },
      greatestWindow: greatestWindow(model.passedAtMs, rules.requests.windowMs),
      greatestRunning: Math.max(0, ...model.jobs.map(({ createdAtMs }) => model.runningAt(createdAtMs).length)),
      cost: model.jobs.reduce((sum, { cost }) => sum + cost, 0),
    }),
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The smallest picture there is. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

function kindOf({ method, url: { pathname, searchParams } }: Asked): Occasion['kind'] | 'other' {
  if (pathname === '/limits') return 'limits';
  if (pathname !== '/jobs') return 'other';
  if (method === 'POST') return 'submit';
  return searchParams.has('key') ? 'look-up' : 'poll';
}

/** The answers of faults that keep a request from being carried out; what is `unheard` gets none. */
const instead: ReadonlyMap<Fault, Answered> = new Map([
  ['429', problem(429, 'too many requests', { 'retry-after': '4' })],
  ['503', problem(503, 'closed for a moment', { 'retry-after': '4' })],
  ['busy', problem(503, 'a proxy has nobody to ask')],
  ['unheard', problem(499, 'cut off')],
]);

/** The answers of those that come after it. */
const afterwards: ReadonlyMap<Fault, Answered> = new Map([
  ['500', problem(500, 'something broke')],
  ['409', problem(409, 'still at it')],
]);

function send(response: ServerResponse, { status, headers, body }: Answered): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body && JSON.stringify(body));
}

function greatestWindow(atMs: readonly number[], windowMs: number): number {
  return Math.max(0, ...atMs.map((from) => atMs.filter((it) => it >= from && it < from + windowMs).length));
}
