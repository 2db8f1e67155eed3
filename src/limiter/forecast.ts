import * as z from 'zod/mini';
import { costOrCosts, durationMs } from '../options.js';
import { copyOf, type Limit } from '../limits/limit.js';
import type { Cost } from './cost.js';
import { MemoryStore } from './memoryStore.js';
import { placeOf } from './place.js';
import type { Admission } from './waiter.js';

export interface ForecastOptions {
  /** How long a piece of work takes, in ms (at least 0). @defaultValue 0 */
  readonly taskMs?: number;
  /** What each of the coming ones costs, at least 0. @defaultValue 1 */
  readonly cost?: Cost;
  /** Whose they are. @defaultValue nobody's in particular */
  readonly key?: unknown;
}

/** When work would be done, if nothing else came and nothing were refused. */
export interface Forecast {
  /** From now to the start of the last, in ms; Infinity: never, as things are. */
  readonly startsInMs: number;
  /** From now to the end of the last, in ms. */
  readonly doneInMs: number;
  /** The limit that holds the work back for longest, by name; undefined: none does. */
  readonly boundBy: string | undefined;
}

export const forecastSchema = z.strictObject({
  count: z.int().check(z.gte(0)),
  taskMs: z._default(durationMs, 0),
  cost: z._default(costOrCosts, 1),
  key: z.optional(z.unknown()),
});

/** What a forecast starts from. */
export interface Outlook {
  readonly limits: readonly Limit[];
  readonly nowMs: number;
  readonly epochMs: number;
  /** What runs, and what waits, in the order in which it is to start. */
  readonly active: number;
  readonly work: Iterable<Admission>;
  readonly taskMs: number;
}

/**
 * Runs copies of the limits ahead of time: each piece of work starts as soon as they let it and takes `taskMs`. What runs
 * now, of which nobody knows how long it has been at it, counts for one unit each and ends evenly over the next `taskMs`.
 * Work is taken in order: where a key's own limit holds it back, the forecast waits for it, though the limiter would not.
 */
export function forecast(outlook: Outlook): Forecast {
  const ahead = new LookAhead(outlook);
  for (const admission of outlook.work) {
    if (!ahead.start(admission)) break;
  }
  return ahead.found();
}

class LookAhead {
  readonly #store: MemoryStore;
  readonly #startMs: number;
  readonly #taskMs: number;
  /** Ends to come, the next first: all work takes equally long. */
  readonly #ends: { readonly atMs: number; readonly sinceMs: number; readonly admission: Admission }[] = [];
  readonly #heldMs = new Map<string, number>();
  #ended = 0;
  #nowMs: number;
  #isStuck = false;

  constructor({ limits, nowMs, epochMs, active, taskMs }: Outlook) {
    this.#store = new MemoryStore(limits.map(copyOf), () => epochMs + this.#nowMs - nowMs);
    this.#startMs = nowMs;
    this.#nowMs = nowMs;
    this.#taskMs = taskMs;
    const keys = [...(limits.find((limit) => limit.running !== undefined)?.running?.() ?? [])];
    for (let i = 1; i <= active; i++) {
      const admission = { cost: 1, place: placeOf({ key: keys[i - 1] }) };
      this.#ends.push({ atMs: nowMs + (taskMs * i) / active, sinceMs: nowMs, admission });
    }
  }

  /** Lets time pass until the work may start; false where it never may. */
  start(admission: Admission): boolean {
    for (;;) {
      this.#endUntil(this.#nowMs);
      const atMs = this.#store.tryAdmit(admission.cost, this.#nowMs, admission.place.key);
      if (atMs <= this.#nowMs) break;
      const nextEndMs = this.#ends[this.#ended]?.atMs ?? Infinity;
      const untilMs = Math.min(atMs, nextEndMs);
      this.#hold(this.#store.heldBy?.name ?? '', untilMs - this.#nowMs);
      if (untilMs === Infinity) {
        this.#isStuck = true;
        return false;
      }
      this.#nowMs = untilMs;
    }
    this.#ends.push({ atMs: this.#nowMs + this.#taskMs, sinceMs: this.#nowMs, admission });
    return true;
  }

  found(): Forecast {
    const boundBy = this.#heldLongest();
    if (this.#isStuck) return { startsInMs: Infinity, doneInMs: Infinity, boundBy };
    const lastEndMs = this.#ends.at(-1)?.atMs ?? this.#nowMs;
    return { startsInMs: this.#nowMs - this.#startMs, doneInMs: lastEndMs - this.#startMs, boundBy };
  }

  #endUntil(atMs: number): void {
    for (let end = this.#ends[this.#ended]; end !== undefined && end.atMs <= atMs; end = this.#ends[this.#ended]) {
      const { cost, place } = end.admission;
      this.#store.release(cost, end.sinceMs, end.atMs, 'succeeded', place.key);
      this.#ended++;
    }
  }

  #hold(name: string, ms: number): void {
    this.#heldMs.set(name, (this.#heldMs.get(name) ?? 0) + ms);
  }

  /** The limit that held work back for longest, by name. */
  #heldLongest(): string | undefined {
    let longest: string | undefined;
    let longestMs = 0;
    for (const [name, ms] of this.#heldMs) {
      if (ms <= longestMs) continue;
      longest = name;
      longestMs = ms;
    }
    return longest;
  }
}
