import type { AcquireOptions } from '../../src/limiter/acquisition.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { VirtualClock } from '../virtualClock.js';

/** A limiter in virtual time; one slot, where no limits are given. */
export function limiterOf(options: Partial<LimiterOptions> = {}): { limiter: Limiter; clock: VirtualClock } {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], clock, ...options });
  return { limiter, clock };
}

/** Work that a test ends: it runs from its admission until `succeed` or `fail`. */
export class Work {
  /** When it started, on the limiter's clock. */
  startedAtMs: number | undefined = undefined;
  readonly result: Promise<string>;
  #end: { readonly resolve: (value: string) => void; readonly reject: (error: unknown) => void } | undefined;

  constructor(limiter: Limiter, options: AcquireOptions = {}) {
    this.result = limiter.run(() => {
      this.startedAtMs = limiter.clock.now();
      return new Promise<string>((resolve, reject) => (this.#end = { resolve, reject }));
    }, options);
    // Tests look at the result where they expect a rejection; elsewhere none is left unhandled.
    this.result.catch(() => {});
  }

  get isRunning(): boolean {
    return this.#end !== undefined;
  }

  async succeed(value = 'done'): Promise<string> {
    this.#end?.resolve(value);
    this.#end = undefined;
    return this.result;
  }

  async fail(error: unknown): Promise<unknown> {
    this.#end?.reject(error);
    this.#end = undefined;
    return this.result.catch((reason: unknown) => reason);
  }
}

export function workers(count: number, limiter: Limiter, options: AcquireOptions = {}): Work[] {
  return Array.from({ length: count }, () => new Work(limiter, options));
}

export const startsOf = (works: readonly Work[]): (number | undefined)[] => works.map((work) => work.startedAtMs);
