import { expect } from 'vitest';
import type { Permit } from '../../src/limiter/acquisition.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { VirtualClock } from '../virtualClock.js';
import { virtualProcesses } from './virtualProcesses.js';

export const intervalMs = 1_000;
export const perSecond = (limit: number) => [slidingWindow({ limit, intervalMs, name: 'window' })];

/** Work that waits, and when it started, in ms from the start. */
export class Work {
  startedAtMs: number | undefined = undefined;
  readonly #leaving = new AbortController();
  readonly #permit: Promise<Permit>;

  constructor(clock: VirtualClock, limiter: Limiter, priority: number) {
    this.#permit = limiter.acquire({ priority, signal: this.#leaving.signal });
    this.#permit.then(
      () => (this.startedAtMs = clock.elapsedMs),
      () => undefined,
    );
  }

  leave(): void {
    this.#leaving.abort();
  }

  async end(): Promise<void> {
    (await this.#permit).release();
  }
}

/** Processes that share two starts a second, in virtual time, and work of which it is known when it started. */
export function grantedAhead() {
  const shared = virtualProcesses();
  const { after } = shared;
  const process = (limits: readonly Limit[] = perSecond(2)) => shared.process(limits);

  const work = (limiter: Limiter, priority = 0) => new Work(shared.clock, limiter, priority);

  /** Uses both units, until 0 and 40 ms. */
  async function use(limiter: Limiter): Promise<void> {
    const [first, second] = [work(limiter), work(limiter)];
    await after(0);
    await first.end();
    await after(40);
    await second.end();
  }

  /** After that another process has two waiting. It is told at 1000 ms that one may start, and the other at 1040. It is 1010. */
  async function granted(other = process()) {
    const one = process();
    await use(one.limiter);
    const [now, ahead] = [work(other.limiter), work(other.limiter)];
    await after(970);
    expect([now.startedAtMs, ahead.startedAtMs]).toEqual([1_000, undefined]);
    return { one, other, now, ahead };
  }

  return { shared, after, process, work, use, granted };
}
