import { z } from 'zod';
import { parseOptions, positiveCount } from '../options.js';
import type { Limit, Usage } from './limit.js';

export interface ConcurrencyOptions {
  /** The most units in flight at once; a heavy piece of work costs several. An integer of at least 1. */
  readonly limit: number;
  /** @defaultValue 'concurrency' */
  readonly name?: string;
}

const schema = z.strictObject({ limit: positiveCount, name: z.string().min(1).default('concurrency') });

/**
 * At most `limit` units in flight: a weighted semaphore. A unit is in flight from its admission to its release.
 *
 * @throws OptionsError
 */
export function concurrency(options: ConcurrencyOptions): Limit {
  const { limit, name } = parseOptions(schema, options, 'concurrency');
  return new Concurrency(name, limit);
}

class Concurrency implements Limit {
  readonly name: string;
  readonly kind = 'slots';
  readonly capacity: number;
  #inFlight = 0;

  constructor(name: string, capacity: number) {
    this.name = name;
    this.capacity = capacity;
  }

  earliest(cost: number, nowMs: number): number {
    return this.#inFlight + cost <= this.capacity ? nowMs : Infinity;
  }

  take(cost: number): void {
    this.#inFlight += cost;
  }

  release(cost: number): void {
    this.#inFlight -= cost;
  }

  refund(cost: number): void {
    this.#inFlight -= cost;
  }

  usage(nowMs: number): Usage {
    return { used: this.#inFlight, capacity: this.capacity, resetsAtMs: this.#inFlight > 0 ? Infinity : nowMs };
  }
}
