import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepPath } from '../../docs/playground/drawing.js';
import { figuresOf, isSent } from '../../docs/playground/figures.js';
import { rowsOf } from '../../docs/playground/rows.js';
import { run } from '../../docs/playground/run.js';
import type { Settings } from '../../docs/playground/scenario.js';
import { SteppedClock } from '../../docs/playground/steppedClock.js';
import { tellItem } from '../../docs/playground/telling.js';
import { greatest, windowLevels } from '../../docs/playground/windows.js';
import { duration } from '../../docs/playground/words.js';
import { runs } from '../runs.js';
import { mostWithin, settings, soonRun, unlimited, untroubled } from './playgroundSettings.js';

/** Five at once under two in 10 s: each wait is known. */
const small = settings({
  ...unlimited,
  ...untroubled,
  items: 5,
  taskMinMs: 1_000,
  taskMaxMs: 1_000,
  window: true,
  limit: 2,
  intervalMs: 10_000,
  countUntil: 'start',
});

describe('the clock of the playground', () => {
  it('should run timers at their instants, those of one in the order in which they were set', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 });
    fc.assert(
      fc.property(delays, (drawn) => {
        const clock = new SteppedClock();
        const ran: (readonly [number, number])[] = [];
        drawn.forEach((delayMs, index) => clock.schedule(delayMs, () => ran.push([clock.now(), index])));
        const cancelled = clock.schedule(1, () => ran.push([NaN, NaN]));
        cancelled();
        while (clock.nextMs < Infinity) clock.step();
        const planned = drawn.map((delayMs, index) => [delayMs, index] as const);
        expect(ran).toEqual(planned.toSorted(([one], [other]) => one - other));
      }),
      runs(50),
    );
  });
});

describe('what is told', () => {
  it('should say of an item how long it waited, and for what', () => {
    const { items } = run(small);
    expect([items[1], items[4]].map((item) => item && tellItem(item, small))).toEqual([
      'Item 2 came at 0 s: sent at once, done 1 s later.',
      'Item 5 came at 0 s with 2 in the queue: waited 20 s for “2 in 10 s”, sent at 20 s, done 1 s later.',
    ]);
  });

  it('should say of each try what became of it', () => {
    const given = settings({ ...small, items: 1, outageForMs: 1_500, jitter: 'none', slots: true, maxRetries: 1 });
    const [item] = run(given).items;
    expect(item && tellItem(item, given)).toBe(
      'Item 1 came at 0 s: sent at once, refused (503, outage). Again after 1 s: sent at once, refused (503, outage). ' +
        'That was the last retry: given up.',
    );
  });

  it('should give the waits of those who are done', () => {
    const { waitMs, makespanMs, idealMs } = figuresOf(run(small), small);
    expect({ waitMs, makespanMs, idealMs }).toEqual({
      waitMs: { p50: 10_000, p95: 20_000, max: 20_000 },
      makespanMs: 21_000,
      idealMs: 21_000,
    });
  });

  it.each([
    [350, '0.35 s'],
    [12_440, '12.4 s'],
    [59_990, '1 min'],
    [185_000, '3 min 5 s'],
    [3_599_600, '1 h'],
    [7_800_000, '2 h 10 min'],
  ])('should say %d ms in a few figures', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});

describe('what is drawn', () => {
  it('should count windows as trying each one does', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40 });
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 60 }), (drawn, intervalMs) => {
        const sorted = drawn.toSorted((one, other) => one - other);
        const levels = windowLevels(sorted, intervalMs);
        expect(Math.max(...levels.map((it) => it.level))).toBe(mostWithin(sorted, intervalMs));
        expect(levels.at(-1)?.level).toBe(0);
      }),
      runs(100),
    );
  });

  it('should put no two requests of one row at the same instant', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, rows: 'slot' };
        const record = run(given);
        const rows = rowsOf(record, given);
        const stays = record.items.flatMap((item, index) =>
          item.tries.filter(isSent).map((it, attempt) => ({ ...it, row: rows.rowOf(index, attempt) })),
        );
        const clashes = stays.filter((one) =>
          stays.some(
            (other) =>
              other !== one &&
              other.row === one.row &&
              other.sentAtMs < one.answeredAtMs &&
              one.sentAtMs < other.answeredAtMs,
          ),
        );
        expect(clashes).toEqual([]);
      }),
      runs(30),
    );
  });

  it('should look at the limits at even intervals, and miss no height of their use', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, slots: true };
        const { samples, limits } = run(given);
        const slots = limits.findIndex(({ name }) => name.endsWith(' at once'));
        const outAtMost = Math.max(...samples.map((it) => it.active));
        expect(Math.max(...samples.map((it) => it.used[slots] ?? NaN))).toBe(outAtMost);
        expect(samples.length).toBeLessThanOrEqual(1_200);
        const gaps = samples.slice(1).map((it, index) => it.atMs - (samples[index]?.atMs ?? NaN));
        expect(Math.max(0, ...gaps) - Math.min(Infinity, ...gaps)).toBeLessThan(1e-6);
      }),
      runs(20),
    );
  });

  it('should draw the highest of each column of px', () => {
    const plane = { untilMs: 100, width: 10, rowHeight: 10 };
    const levels = [0, 3, 5, 1, 2].map((level, index) => ({ atMs: index === 4 ? 90 : index * 0.1, level }));
    expect(greatest(levels)).toBe(5);
    expect(stepPath(levels, plane, (level) => 10 - level)).toBe('M0 10V5V9H9V8H10');
  });
});
