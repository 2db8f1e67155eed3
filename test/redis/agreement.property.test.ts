import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adaptiveConcurrency,
  budget,
  concurrency,
  dailyQuota,
  evenly,
  perKey,
  slidingWindow,
  tokenBucket,
  type Limit,
  type Outcome,
} from '../../operators/index.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { runs } from '../runs.js';
import { VirtualRedis } from './virtualRedis.js';
import { World, type Step } from './world.js';

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
afterAll(() => redis.close());

const small = fc.integer({ min: 1, max: 5 });
// Redis counts in whole microseconds: of these every share is one.
const span = fc.constantFrom(60, 120, 240);
const countUntil = fc.constantFrom('end' as const, 'start' as const);
const windows = fc.record({ limit: small, intervalMs: span, countUntil });
const learning = fc.record({
  max: fc.constant(5),
  initial: small,
  probeAfterMs: fc.constantFrom(50, 100),
  maxProbeAfterMs: fc.constantFrom(100, 300),
  decrease: fc.constantFrom(0.5, 0.75, 1),
});

type Make = () => Limit;
const one = (arbitrary: fc.Arbitrary<Make>): fc.Arbitrary<Make> =>
  arbitrary.map((make) => Object.assign(() => make(), { toString: () => JSON.stringify(make().describe?.()) }));
const kinds = {
  window: one(windows.map((it) => () => slidingWindow({ ...it, name: 'window' }))),
  even: one(windows.map((it) => () => evenly({ ...it, name: 'even' }))),
  bucket: one(
    fc
      .record({ capacity: fc.constant(5), refill: small, intervalMs: span, initial: fc.nat(5) })
      .map((it) => () => tokenBucket({ ...it, name: 'bucket' })),
  ),
  slots: one(small.map((limit) => () => concurrency({ limit, name: 'slots' }))),
  learning: one(learning.map((it) => () => adaptiveConcurrency({ ...it, name: 'learning' }))),
  daily: one(fc.integer({ min: 5, max: 12 }).map((limit) => () => dailyQuota({ limit, name: 'daily' }))),
  budget: one(fc.integer({ min: 5, max: 20 }).map((limit) => () => budget({ limit, name: 'budget' }))),
};

const index = fc.nat(20);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('arrive' as const), cost: fc.nat(5) }) },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('advance' as const), byMs: fc.oneof(fc.nat(20), fc.nat(400)) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('release' as const),
        index,
        outcome: fc.constantFrom<Outcome[]>('succeeded', 'failed', 'no-slot', 'unknown'),
      }),
    },
    fc.record({ type: fc.constant('refund' as const), index }),
    fc.record({ type: fc.constant('cancel' as const), index }),
    fc.record({ type: fc.constant('coolDown' as const), byMs: fc.nat(300), ramp: fc.boolean() }),
    fc.record({ type: fc.constant('refused' as const), hintMs: fc.option(fc.nat(300), { nil: undefined }) }),
    fc.record({ type: fc.constant('refusedSlot' as const), index }),
    fc.record({ type: fc.constant('grantedSlot' as const), index }),
    fc.record({
      type: fc.constant('adjust' as const),
      name: fc.constantFrom('budget', 'daily'),
      delta: fc.integer({ min: -5, max: 5 }),
    }),
    fc.record({ type: fc.constant('nextDay' as const) }),
  ),
  { maxLength: 40, size: 'max' },
);

const spanOf = (step: Step): number => (step.type === 'advance' ? step.byMs : step.type === 'nextDay' ? 43_200_000 : 0);
let named = 0;

async function shared(limits: readonly Limit[], said: object): Promise<World> {
  await redis.reset();
  return new World(limits, (clock) => ({
    store: redisStore({ client: redis.client(clock, said), name: `world ${named++}`, leaseMs: 1e9 }),
  }));
}

/** Who leaves, or costs less, may go before the other's instant in memory; in Redis that has been granted by then. */
const notAhead = { aheadUs: 0 };

/** @param makes make the limits, as each of the two has its own */
async function agree(
  makes: readonly Make[],
  script: readonly (readonly [Step, string?])[],
  said: object = notAhead,
): Promise<void> {
  const here = new World(
    makes.map((make) => make()),
    () => ({}),
  );
  const there = await shared(
    makes.map((make) => make()),
    said,
  );
  for (const [step, key] of script) {
    here.take(step, key);
    there.take(step, key);
    here.clock.advance(spanOf(step));
    await redis.advance(there.clock, spanOf(step));
    expect(there.log, JSON.stringify(step)).toEqual(here.log);
  }
  here.clock.advance(2_000);
  await redis.advance(there.clock, 2_000);
  expect(there.log).toEqual(here.log);
}

/** Work that comes and ends, in bursts, and never leaves before: nobody's instant moves once time alone gives it. */
const patient: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      arriving: fc.array(fc.nat(3), { maxLength: 4 }),
      ending: fc.array(index, { maxLength: 4 }),
      byMs: fc.oneof(fc.nat(9), fc.nat(300)),
    }),
    { maxLength: 20, size: 'max' },
  )
  .map((bursts) =>
    bursts.flatMap(({ arriving, ending, byMs }) => [
      ...arriving.map((cost) => ({ type: 'arrive', cost }) as const),
      ...ending.flatMap((it) => [
        { type: 'release', index: it, outcome: 'succeeded' } as const,
        { type: 'advance', byMs: it % 5 } as const,
      ]),
      { type: 'advance', byMs } as const,
    ]),
  );

const { learning: learningOne, ...plain } = kinds;
/** What closes everybody out, and lets in little by little: which limit is asked when then depends on who asks. */
const withoutGate = steps.map((some) => some.filter(({ type }) => type !== 'coolDown' && type !== 'refused'));

/** One to three limits of these kinds. */
const someOf = (of: readonly fc.Arbitrary<Make>[]) =>
  fc.subarray([...of], { minLength: 1, maxLength: 3 }).chain((arbitraries) => fc.tuple(...arbitraries));

/** As `agree`, with limits that are not kept by key. */
const agreeUnkeyed = (makes: readonly Make[], script: readonly Step[], said?: object): Promise<void> =>
  agree(
    makes,
    script.map((step) => [step] as const),
    said,
  );

describe('the limits in Redis', () => {
  it('should always admit what those in memory do, at the same instants', async () => {
    const law = fc.asyncProperty(someOf(Object.values(plain)), steps, (makes, script) => agreeUnkeyed(makes, script));
    await fc.assert(law, runs(150));
  });

  it('take a ramp no round further where somebody only asks', async () => {
    const makes = [() => dailyQuota({ limit: 5, name: 'daily' })];
    const script: Step[] = [
      { type: 'coolDown', byMs: 100, ramp: true },
      { type: 'arrive', cost: 3 },
      { type: 'arrive', cost: 3 },
      // In memory the wall is looked at meanwhile, and with it all limits are asked.
      { type: 'advance', byMs: 3_600_000 },
      { type: 'refund', index: 0 },
      { type: 'arrive', cost: 0 },
    ];
    await agreeUnkeyed(makes, script);
  });

  it('should always start what is granted ahead at the instants at which memory admits it', async () => {
    const some = someOf([kinds.window, kinds.even, kinds.slots]);
    const law = fc.asyncProperty(some, patient, (makes, script) => agreeUnkeyed(makes, script, {}));
    await fc.assert(law, runs(100));
  });

  it('lets what fills a window start once all fractions before it have left', async () => {
    const fraction = (cost: number): Step[] => [
      { type: 'arrive', cost },
      { type: 'release', index: 0, outcome: 'succeeded' },
      { type: 'advance', byMs: 1 },
    ];
    const script: Step[] = [...[0.1, 0.2, 0.3].flatMap(fraction), { type: 'arrive', cost: 1 }];
    await agreeUnkeyed([() => slidingWindow({ limit: 1, intervalMs: 60, name: 'window' })], script);
  });

  it.each([
    ['slots', () => concurrency({ limit: 1 })],
    ['window', () => slidingWindow({ limit: 1, intervalMs: 60 })],
    ['daily', () => dailyQuota({ limit: 1 })],
    ['budget', () => budget({ limit: 1 })],
  ])('have room for fractions that fill them, though their sum comes out at more: %s', async (_, make) => {
    await agreeUnkeyed(
      [make],
      [0.2, 0.2, 0.2, 0.3, 0.1, 0.1].map((cost) => ({ type: 'arrive', cost })),
    );
  });

  it('should always learn what those in memory do', async () => {
    const law = fc.asyncProperty(learningOne, withoutGate, (make, script) => agreeUnkeyed([make], script));
    await fc.assert(law, runs(100));
  });

  it('should always keep the limits of each key as those in memory do', async () => {
    // What a key has learnt is forgotten once it has been at rest for long: when, nobody promises.
    const keyed = fc
      .constantFrom(kinds.window, kinds.even, kinds.bucket, kinds.slots, kinds.daily, kinds.budget)
      .chain((arbitrary) => arbitrary)
      .map((make) => Object.assign(() => perKey(make), { toString: () => `each ${String(make)}` }));
    const key = fc.constantFrom('a', 'b', 'c');
    await fc.assert(
      fc.asyncProperty(keyed, withoutGate, fc.infiniteStream(key), (make, script, keys) =>
        agree(
          [make],
          script.map((step) => [step, keys.next().value] as const),
        ),
      ),
      runs(100),
    );
  });
});
