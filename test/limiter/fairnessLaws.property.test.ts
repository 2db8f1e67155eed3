import fc from 'fast-check';
import { describe, it } from 'vitest';
import { FairBook, Step, type FairRule } from './fairnessBook.js';
import { runs } from '../runs.js';

const { numRuns } = runs(400);

const limit = fc.integer({ min: 1, max: 4 });
const isKeyed = fc.boolean();
const rule: fc.Arbitrary<FairRule> = fc.oneof(
  fc.record({ kind: fc.constant('slots'), limit, isKeyed }),
  fc.record({
    kind: fc.constant('window'),
    limit,
    isKeyed,
    intervalMs: fc.constantFrom(5, 12, 40),
    countUntil: fc.constantFrom('end', 'start'),
  }),
  fc.record({ kind: fc.constant('quota'), limit: fc.integer({ min: 2, max: 12 }), isKeyed: fc.constant(true) }),
);

const arrive = fc
  .record({
    cost: fc.oneof(fc.constant(1), fc.nat(4)),
    key: fc.constantFrom('a', 'b', 'c', undefined),
    weight: fc.constantFrom(0.25, 1, 3),
    priority: fc.constantFrom(0, 0, 0, 1, -1),
  })
  .map(({ cost, ...place }) => {
    return new Step(`Arrive(${cost}, ${JSON.stringify(place)})`, (book) => book.arrive(cost, place));
  });
const index = fc.nat(12);
const steps = fc.commands(
  [
    arrive,
    arrive,
    arrive,
    fc.integer({ min: 1, max: 45 }).map((byMs) => new Step(`Advance(${byMs})`, (book) => book.advance(byMs))),
    index.map((each) => new Step(`Release(${each})`, (book) => book.release(each))),
    index.map((each) => new Step(`Release(${each})`, (book) => book.release(each))),
    index.map((each) => new Step(`Cancel(${each})`, (book) => book.cancel(each))),
    index.map((each) => new Step(`Refund(${each})`, (book) => book.refund(each))),
  ],
  { maxCommands: 60, size: 'max' },
);

describe('a limiter with keys', () => {
  it('should always keep its laws, whatever happens in whatever order (SLUICE_RUNS times as often)', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), steps, (rules, script) => {
        const book = new FairBook(rules);
        fc.modelRun(() => ({ model: book, real: {} }), script);
        book.finish();
      }),
      { numRuns },
    );
  }, 3_600_000);
});
