import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evenly } from '../../src/limits/evenly.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { asked, greedyCount, offer } from './vectorSteps.js';

const step = z.discriminatedUnion('op', [
  z.object({ op: z.literal('try'), ...asked, ok: z.boolean() }),
  z.object({ op: z.literal('reserve'), ...asked, wait: z.number().nullable(), maxWait: z.number().optional() }),
  offer,
  greedyCount,
]);
const common = { id: z.string(), source: z.string(), steps: z.array(z.unknown()) };
const slidingLog = z.object({
  ...common,
  model: z.literal('sliding-log'),
  limit: z.number(),
  windowMs: z.number(),
});
const tokenBucket = z.object({
  ...common,
  model: z.literal('token-bucket'),
  tokens: z.number(),
  perMs: z.number(),
  burst: z.number(),
});
const file = z.object({
  tables: z.array(z.union([slidingLog, tokenBucket, z.object({ ...common, model: z.string() })])),
});
const { tables } = file.parse(
  JSON.parse(readFileSync(new URL('../vectors/rate-limiters.json', import.meta.url), 'utf8')),
);

/**
 * Runs a table against a limit. `reserve` books a place ahead of its time: as limits are asked in order and never ahead,
 * that is a take at the promised instant, while the next rows go on from their own.
 */
function run(limit: Limit, steps: readonly unknown[]): void {
  let takenMs = 0;
  const take = (cost: number, atMs: number): void => {
    limit.take(cost, atMs);
    limit.release(cost, atMs, atMs, 'unknown');
    takenMs = atMs;
  };
  for (const row of steps.map((raw) => step.parse(raw))) {
    if (row.op === 'try') {
      const isNow = row.n <= limit.capacity && limit.earliest(row.n, row.t) <= row.t;
      expect(isNow, `try at ${row.t}`).toBe(row.ok);
      if (isNow) take(row.n, row.t);
    } else if (row.op === 'reserve') {
      const askedMs = Math.max(row.t, takenMs);
      const atMs = Math.max(askedMs, limit.earliest(row.n, askedMs));
      const wait = atMs - row.t > (row.maxWait ?? Infinity) ? null : atMs - row.t;
      expect(wait, `reserve at ${row.t}`).toBe(row.wait);
      if (wait !== null) take(row.n, atMs);
    } else if (row.op === 'offer') {
      let granted = 0;
      for (let nowMs = row.from; nowMs < row.to; nowMs += row.every) {
        if (limit.earliest(row.n, nowMs) > nowMs) continue;
        take(row.n, nowMs);
        granted += 1;
      }
      expect(granted).toBeGreaterThanOrEqual(row.min);
      expect(granted).toBeLessThanOrEqual(row.max);
    } else {
      let count = 0;
      let nowMs = 0;
      for (const [untilMs, expected] of row.by) {
        for (let atMs = limit.earliest(1, nowMs); atMs <= untilMs; atMs = limit.earliest(1, nowMs)) {
          take(1, (nowMs = Math.max(nowMs, atMs)));
          count += 1;
        }
        expect(count, `until ${untilMs}`).toBe(expected);
      }
    }
  }
}

describe('slidingWindow agrees with the sliding logs of others', () => {
  const logs = tables.flatMap((table) => slidingLog.safeParse(table).data ?? []);
  it.each(logs)('$id ($source)', ({ limit, windowMs, steps }) => {
    run(slidingWindow({ limit, intervalMs: windowMs }), steps);
  });

  it('has tables to agree with', () => {
    expect(logs).toHaveLength(8);
  });
});

describe('evenly agrees with token buckets of burst 1', () => {
  // Both let one pass every `perMs / tokens`. Rates under 1 or 0 are no options of ours.
  const isWhole = ({ tokens }: { tokens: number }): boolean => Number.isInteger(tokens) && tokens > 0;
  const buckets = tables
    .flatMap((table) => tokenBucket.safeParse(table).data ?? [])
    .filter((table) => table.burst === 1 && isWhole(table));

  it.each(buckets)('$id ($source)', ({ tokens, perMs, steps }) => {
    const limit = evenly({ limit: tokens, intervalMs: perMs });
    // A cost of 2 over a burst of 1 can never pass there; here it takes two places: the rows that try one are theirs.
    run(
      limit,
      steps.filter((raw) => !z.object({ n: z.literal(2) }).safeParse(raw).success),
    );
  });

  it('has tables to agree with', () => {
    expect(buckets.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['go-burst1', 'uber-initial', 'uber-rate', 'guava-simple', 'guava-some-wait']),
    );
  });
});
