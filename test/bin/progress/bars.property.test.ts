import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bars } from '../../../bin/progress/bars.js';
import { lineColumns, paint } from '../../../bin/progress/line.js';
import type { View } from '../../../bin/progress/view.js';

const anyTask: fc.Arbitrary<View['running'][number]> = fc.record({
  index: fc.nat({ max: 1e6 }),
  id: fc.string(),
  state: fc.constantFrom('submitting', 'looking up', 'refused', 'submitted', 'adopted', 'processing'),
  sinceAtMs: fc.nat({ max: 1e9 }),
  mayExist: fc.boolean(),
  prompt: fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 50 })),
});

const anyView: fc.Arbitrary<View> = fc
  .record({
    succeeded: fc.nat({ max: 1e6 }),
    failed: fc.nat({ max: 1e6 }),
    waiting: fc.nat({ max: 1e6 }),
    unfinished: fc.nat({ max: 1e6 }),
    earlier: fc.nat({ max: 1e6 }),
    saved: fc.option(fc.record({ saved: fc.nat(), total: fc.nat() }), { nil: undefined }),
    running: fc.array(anyTask, { maxLength: 30 }),
    refusals: fc.nat(),
    usage: fc.array(fc.record({ name: fc.constantFrom('requests', 'credits'), used: fc.nat(), capacity: fc.nat() })),
    coolDownMs: fc.nat(),
    elapsedMs: fc.nat(),
    nowAtMs: fc.nat(),
    isStopping: fc.boolean(),
  })
  .map((view) => ({
    ...view,
    total: Math.max(1, view.succeeded + view.failed + view.unfinished + view.waiting + view.running.length),
  }));

const anyTypicalMs = fc.option(fc.nat({ max: 1e9 }), { nil: undefined });

it('should never draw more columns or rows than there are, nor control codes', () => {
  const widths = fc.integer({ min: 20, max: 200 });
  fc.assert(
    fc.property(anyView, widths, fc.integer({ min: 1, max: 60 }), anyTypicalMs, (view, columns, rows, typicalMs) => {
      const lines = bars(view, { columns, rows }, typicalMs);
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) {
        expect(lineColumns(line)).toBeLessThanOrEqual(columns);
        expect(paint(line, false)).not.toMatch(/\p{Cc}/u);
      }
    }),
  );
});
