import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { monotonic } from '../../src/clock.js';
import { OptionsError } from '../../src/errors.js';
import type { Limit } from '../../src/limits/limit.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { VirtualClock } from '../virtualClock.js';
import { asked, greedyCount, offer } from './vectorSteps.js';

const step = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('try'),
    ...asked,
    ok: z.boolean(),
    availableBefore: z.number().optional(),
    remainingAfter: z.number().optional(),
    resetAfter: z.number().optional(),
    retryAfter: z.number().optional(),
  }),
  z.strictObject({
    op: z.literal('reserve'),
    ...asked,
    wait: z.number().nullable(),
    maxWait: z.number().default(Infinity),
    as: z.string().optional(),
  }),
  z.strictObject({ op: z.literal('cancel'), t: z.number(), of: z.string() }),
  z.strictObject({ op: z.literal('setRate'), t: z.number(), tokens: z.number(), perMs: z.number() }),
  offer,
  z.strictObject({
    op: z.literal('greedyReserve'),
    start: z.number(),
    step: z.number(),
    times: z.number(),
    n: z.number(),
    grants: z.number(),
    lastGrantAtMost: z.number(),
    lastGrantAtLeast: z.number(),
  }),
  greedyCount,
]);
type Step = z.output<typeof step>;
type Op<Name extends Step['op']> = Extract<Step, { op: Name }>;
const table = z.object({
  id: z.string(),
  source: z.string(),
  model: z.string(),
  needs: z.string().optional(),
  choice: z.string().optional(),
  tokens: z.number().optional(),
  perMs: z.number().optional(),
  burst: z.number().optional(),
  initial: z.number().optional(),
  steps: z.array(z.unknown()),
});
const { tables } = z
  .object({ tables: z.array(table) })
  .parse(JSON.parse(readFileSync(new URL('../vectors/rate-limiters.json', import.meta.url), 'utf8')));
const buckets = tables.filter(({ model }) => model === 'token-bucket');

interface Reservation {
  readonly n: number;
  readonly askedAtMs: number;
  readonly id: string | undefined;
}

/** A bucket with a queue of reservations in front of it: first come, first served, each taken at its instant. */
class Reservations {
  readonly #make: () => Limit;
  /** All that has happened to the bucket. */
  readonly #past: { readonly atMs: number; readonly replay: (limit: Limit) => void }[] = [];
  #pending: readonly Reservation[] = [];

  constructor(make: () => Limit) {
    this.#make = make;
  }

  get capacity(): number {
    return this.#make().capacity;
  }

  /** When each of `queue` will be served, as things stand; and the bucket after that. */
  #serve(queue: readonly Reservation[]): { readonly atMs: readonly number[]; readonly limit: Limit } {
    const limit = this.#make();
    // Its first question sets its clock.
    limit.earliest(0, 0);
    for (const { replay } of this.#past) replay(limit);
    let lastMs = this.#past.at(-1)?.atMs ?? 0;
    const atMs = queue.map(({ n, askedAtMs }) => {
      lastMs = Math.max(lastMs, askedAtMs);
      lastMs = Math.max(lastMs, limit.earliest(n, lastMs));
      limit.take(n, lastMs);
      return lastMs;
    });
    return { atMs, limit };
  }

  /** Serves whom time has reached, and gives the bucket as it is then. */
  at(nowMs: number): Limit {
    const { atMs } = this.#serve(this.#pending);
    const served = atMs.filter((ms) => ms <= nowMs);
    for (const [index, ms] of served.entries()) {
      const n = this.#pending[index]?.n ?? 0;
      this.#past.push({ atMs: ms, replay: (limit) => limit.take(n, ms) });
    }
    this.#pending = this.#pending.slice(served.length);
    return this.#serve([]).limit;
  }

  /** The wait, or undefined where it is refused: over the capacity, or over `maxWaitMs`. */
  reserve(n: number, nowMs: number, maxWaitMs: number, id?: string): number | undefined {
    this.at(nowMs);
    if (n > this.capacity) return undefined;
    const queue = [...this.#pending, { n, askedAtMs: nowMs, id }];
    const waitMs = (this.#serve(queue).atMs.at(-1) ?? NaN) - nowMs;
    if (waitMs > maxWaitMs) return undefined;
    this.#pending = queue;
    this.at(nowMs);
    return waitMs;
  }

  /** From now on; who waits moves with it. */
  setRate(refill: number, intervalMs: number, nowMs: number): void {
    this.at(nowMs);
    const replay = (limit: Limit): void => {
      limit.usage(nowMs);
      limit.update?.({ refill, intervalMs });
    };
    this.#past.push({ atMs: nowMs, replay });
  }

  cancel(id: string, nowMs: number): void {
    // Who gives up at the very instant of being served has not been served yet.
    this.at(nowMs - 1);
    this.#pending = this.#pending.filter((reservation) => reservation.id !== id);
  }
}

const runs: { readonly [Name in Step['op']]: (queue: Reservations, row: Op<Name>) => void } = {
  try: (queue, { t, n, ok, ...tells }) => {
    const limit = queue.at(t);
    const free = (): number => Math.floor(limit.capacity - limit.usage(t).used);
    if (tells.availableBefore !== undefined) expect(free()).toBe(tells.availableBefore);
    const wait = queue.reserve(n, t, 0);
    expect(wait, `try ${n} at ${t}`).toBe(ok ? 0 : undefined);
    const after = queue.at(t);
    const usage = after.usage(t);
    if (tells.remainingAfter !== undefined) expect(Math.floor(after.capacity - usage.used)).toBe(tells.remainingAfter);
    if (tells.resetAfter !== undefined) expect(usage.resetsAtMs - t).toBe(tells.resetAfter);
    if (tells.retryAfter !== undefined) expect(after.earliest(n, t) - t).toBe(tells.retryAfter);
  },
  reserve: (queue, { t, n, wait, maxWait, as }) => {
    expect(queue.reserve(n, t, maxWait, as), `reserve ${n} at ${t}`).toBe(wait ?? undefined);
  },
  cancel: (queue, { t, of }) => queue.cancel(of, t),
  setRate: (queue, { t, tokens, perMs }) => queue.setRate(tokens, perMs, t),
  offer: (queue, { from, to, every, n, min, max }) => {
    let granted = 0;
    for (let t = from; t < to; t += every) if (queue.reserve(n, t, 0) === 0) granted++;
    expect(granted).toBeGreaterThanOrEqual(min);
    expect(granted).toBeLessThanOrEqual(max);
  },
  greedyReserve: (queue, { start, step: gapMs, times, n, grants, lastGrantAtLeast, lastGrantAtMost }) => {
    const served = Array.from({ length: times }, (_, index) => {
      const t = start + index * gapMs;
      return t + (queue.reserve(n, t, Infinity) ?? NaN);
    });
    expect(served).toHaveLength(grants);
    expect(served.at(-1)).toBeGreaterThanOrEqual(lastGrantAtLeast);
    expect(served.at(-1)).toBeLessThanOrEqual(lastGrantAtMost);
  },
  greedyCount: (queue, { by }) => {
    const most = Math.max(...by.map(([, count]) => count));
    const served = Array.from({ length: most + 1 }, () => queue.reserve(1, 0, Infinity) ?? NaN);
    const counts = by.map(([untilMs]) => [untilMs, served.filter((atMs) => atMs <= untilMs).length]);
    expect(counts).toEqual(by);
  },
};

function run<Name extends Step['op']>(queue: Reservations, row: Op<Name> & { readonly op: Name }): void {
  runs[row.op](queue, row);
}

function make({ burst, tokens, perMs, initial }: z.output<typeof table>): Limit {
  return tokenBucket({
    capacity: burst ?? NaN,
    refill: tokens ?? NaN,
    intervalMs: perMs ?? NaN,
    initial: initial ?? NaN,
  });
}

/** What we decide otherwise, row by row: the id, and the wait where it differs. */
const decidedOtherwise = new Map([
  // Go keeps the later reservation at its instant; here it moves up, so the one after it waits 100 ms less.
  ['go-cancel-1', 100],
]);

describe('tokenBucket agrees with the token buckets of others', () => {
  const ours = buckets.filter(({ needs, id }) => needs !== 'zeroRate' && id !== 'go-jump-backwards');

  it.each(ours)('$id ($source)', (each) => {
    const queue = new Reservations(() => make(each));
    const rows = each.steps.map((row) => step.parse(row));
    for (const [index, row] of rows.entries()) {
      const ourWait = index === rows.length - 1 ? decidedOtherwise.get(each.id) : undefined;
      run(queue, row.op === 'reserve' && ourWait !== undefined ? { ...row, wait: ourWait } : row);
    }
  });

  it('has tables to agree with', () => {
    expect(ours).toHaveLength(38);
  });

  it('takes a stand on every table that is left to choice', () => {
    expect(buckets.filter(({ choice }) => choice !== undefined).map(({ id }) => id)).toEqual([
      'go-cancel-1',
      'go-set-limit',
    ]);
  });

  it('counts a clock that jumps back as one that stands still and goes on, as Go does', () => {
    const each = buckets.find(({ id }) => id === 'go-jump-backwards');
    if (each === undefined) throw new Error('no such table');
    const clock = new VirtualClock();
    const ours = monotonic(clock);
    const queue = new Reservations(() => make(each));
    for (const raw of each.steps) {
      const row = step.parse(raw);
      if (row.op !== 'try') throw new Error(`not a try: ${row.op}`);
      if (row.t > clock.now()) clock.advance(row.t - clock.now());
      else clock.stepBack(clock.now() - row.t);
      run(queue, { ...row, t: ours.now() });
    }
  });

  it('refuses a bucket that nothing ever comes into', () => {
    const still = buckets.filter(({ needs }) => needs === 'zeroRate');
    expect(still.map(({ id }) => id)).toEqual(['go-zero-limit', 'go-set-after-zero']);
    for (const each of still) expect(() => make(each)).toThrow(OptionsError);
  });
});
