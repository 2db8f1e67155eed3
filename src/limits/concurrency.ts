import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positiveCount } from '../options.js';
import { fits } from './fits.js';
import { InFlight } from './inFlight.js';
import type { Limit, LimitFigures, Usage } from './limit.js';

export interface ConcurrencyOptions {
  /** The most units in flight at once; a heavy piece of work costs several. An integer of at least 1. */
  readonly limit: number;
  /** @defaultValue 'concurrency' */
  readonly name?: string;
}

const schema = z.strictObject({ limit: positiveCount, name: z._default(nonEmpty, 'concurrency') });

const changeSchema = z.strictObject({ limit: z.optional(positiveCount) });

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
  capacity: number;
  readonly #inFlight: InFlight;

  constructor(name: string, capacity: number, inFlight = new InFlight()) {
    this.name = name;
    this.capacity = capacity;
    this.#inFlight = inFlight;
  }

  earliest(cost: number, nowMs: number): number {
    return fits(this.#inFlight.units + cost, this.capacity) ? nowMs : Infinity;
  }

  take(cost: number): void {
    this.#inFlight.start(cost);
  }

  release(cost: number): void {
    this.#inFlight.end(cost);
  }

  refund(cost: number): void {
    this.#inFlight.end(cost);
  }

  usage(nowMs: number): Usage {
    const used = this.#inFlight.units;
    return { used, capacity: this.capacity, resetsAtMs: used > 0 ? Infinity : nowMs };
  }

  update(change: unknown): void {
    this.capacity = parseOptions(changeSchema, change, `update of "${this.name}"`).limit ?? this.capacity;
  }

  copy(): Concurrency {
    return new Concurrency(this.name, this.capacity, this.#inFlight.copy());
  }

  describe(): LimitFigures {
    return { type: 'concurrency', limit: this.capacity };
  }
}
