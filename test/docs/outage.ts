import { defer, finalize } from 'rxjs';
import { createLimiter } from '../../operators/createLimiter.js';
import { retryWithJitter, type RetryWithJitterOptions } from '../../operators/retryWithJitter.js';
import type { LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Refusal, RefusalMeaning } from '../../src/refusal.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { VirtualClock } from '../../src/virtualClock.js';

const clients = 200;
const perSecond = 20;

export interface Outage {
  /** How each client tries again, beside the base of 1 s and the cap of 16 s. */
  readonly retry?: Pick<RetryWithJitterOptions, 'jitter' | 'maxRetries'>;
  /** One limiter for all clients; a refusal cools it down. */
  readonly limiter?: Omit<LimiterOptions, 'clock' | 'random'>;
  /** True: a refusal says how long the server will be down. */
  readonly hasHint?: boolean;
  /** What a refusal means. @defaultValue 'too-fast' */
  readonly meaning?: RefusalMeaning;
  /** @defaultValue 30000 */
  readonly downForMs?: number;
}

/** What came of it, in requests and seconds. */
export interface Figures {
  readonly whileDown: number;
  /** From the server's return on: in its first 100 ms, and in its busiest second. */
  readonly atOnce: number;
  readonly busiest: number;
  readonly refused: number;
  readonly served: number;
  readonly lastServed: number;
}

class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super();
    this.refusal = refusal;
  }
}

/**
 * 200 clients of one request each, all sent within a second to a server that is down for 30 s and refuses everything, then
 * takes 20 a second and refuses the rest.
 */
export async function outage(options: Outage): Promise<Figures> {
  const { retry = {}, limiter: limits, hasHint = false, meaning = 'too-fast', downForMs = 30_000 } = options;
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const limiter = limits && createLimiter({ ...limits, clock, random });
  const arrivedAtMs: number[] = [];
  const servedAtMs: number[] = [];
  const serve = (): Promise<void> => {
    const nowMs = clock.now();
    arrivedAtMs.push(nowMs);
    const isBusy = (servedAtMs.at(-perSecond) ?? -Infinity) > nowMs - 1_000;
    const isDown = nowMs < downForMs;
    const hint = isDown && hasHint ? { hintMs: downForMs - nowMs } : {};
    if (isDown || isBusy) return Promise.reject(new Refused({ meaning, ...hint }));
    servedAtMs.push(nowMs);
    return Promise.resolve();
  };
  const tries = {
    maxRetries: Infinity,
    baseMs: 1_000,
    capMs: 16_000,
    clock,
    random,
    ...retry,
    ...(limiter && { limiter }),
    classify: (error: unknown) => (error instanceof Refused ? error.refusal : 'invalid'),
  };
  let open = clients;
  const send = (): void => {
    const sent = defer(serve).pipe(
      retryWithJitter(tries),
      finalize(() => open--),
    );
    sent.subscribe({ error: () => undefined });
  };
  for (let client = 0; client < clients; client++) clock.schedule(client * 5, send);
  await clock.settle(Infinity, () => open === 0);
  const after = arrivedAtMs.filter((atMs) => atMs >= downForMs);
  return {
    whileDown: arrivedAtMs.length - after.length,
    atOnce: after.filter((atMs) => atMs < downForMs + 100).length,
    busiest: busiestSecond(after),
    refused: after.length - servedAtMs.length,
    served: servedAtMs.length,
    lastServed: Math.round(((servedAtMs.at(-1) ?? NaN) - downForMs) / 1_000),
  };
}

function busiestSecond(atMs: readonly number[]): number {
  return Math.max(0, ...atMs.map((from) => atMs.filter((it) => it >= from && it < from + 1_000).length));
}
