import fc from 'fast-check';
import { describe, it } from 'vitest';
import { early } from '../virtualClock.js';
import { Book, type Rule, type Setting } from './book.js';
import { Advance } from './commands/advance.js';
import { Arrive } from './commands/arrive.js';
import { Cancel } from './commands/cancel.js';
import { ClockBack } from './commands/clockBack.js';
import { CoolDown } from './commands/coolDown.js';
import { Refund } from './commands/refund.js';
import { Release } from './commands/release.js';
import { Update } from './commands/update.js';
import { runs } from '../runs.js';

const { numRuns } = runs(400);

const limit = fc.integer({ min: 1, max: 5 });
const slots = fc.record({ name: fc.constant('slots'), slots: limit });
const window = (name: string) =>
  fc.record({
    name: fc.constant(name),
    limit,
    intervalMs: fc.constantFrom(7, 100, 250),
    countUntil: fc.constantFrom('end', 'start'),
  });
const setting: fc.Arbitrary<Setting> = fc.record({
  rules: fc.subarray<fc.Arbitrary<Rule>>([slots, window('burst'), window('minute')]).chain((some) => fc.tuple(...some)),
  timerMs: fc.constantFrom((delayMs: number) => delayMs, early(1), early(0.5)),
});

const spanMs = fc.oneof(fc.nat(20), fc.constantFrom(6, 7, 49, 50, 99, 100, 250), fc.nat(400));
const index = fc.nat(20);
const arrive = fc.nat(20).map((weight) => new Arrive(weight));
const commands = fc.commands(
  [
    arrive,
    arrive,
    arrive,
    spanMs.map((byMs) => new Advance(byMs)),
    index.map((each) => new Release(each)),
    index.map((each) => new Release(each)),
    index.map((each) => new Cancel(each)),
    index.map((each) => new Refund(each)),
    fc.tuple(spanMs, spanMs).map(([byMs, unseenMs]) => new ClockBack(byMs, unseenMs)),
    fc.integer({ min: 1, max: 200 }).map((delayMs) => new CoolDown(delayMs)),
    fc.tuple(index, limit).map(([each, changed]) => new Update(each, changed)),
  ],
  { maxCommands: 80, size: 'max' },
);

describe('a limiter', () => {
  it('should always keep its laws, whatever happens in whatever order (SLUICE_RUNS times as often)', () => {
    fc.assert(
      fc.property(setting, commands, (given, script) => {
        const book = new Book(given);
        fc.modelRun(() => ({ model: book, real: {} }), script);
        book.finish();
      }),
      { numRuns },
    );
  }, 3_600_000);
});
