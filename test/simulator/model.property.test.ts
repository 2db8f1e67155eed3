import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/simulator/answers.js';
import type { Books } from '../../src/simulator/books.js';
import { faultNames } from '../../src/simulator/faults.js';
import { createKlingModel, type KlingRequest } from '../../src/simulator/model.js';
import type { ModelOptions } from '../../src/simulator/modelOptions.js';
import { defaultCreditsOf, type Order } from '../../src/simulator/orders.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { costs, create, field, list, newCreate, query, tasks } from './asking.js';

const dayMs = 86_400_000;
const farAwayMs = 1e12;

const someId = fc.integer({ min: 1, max: 15 }).map((number) => `mine-${number}`);
const request: fc.Arbitrary<KlingRequest> = fc.oneof(
  { arbitrary: fc.record({ external_task_id: someId }).map((body) => create(body)), weight: 3 },
  { arbitrary: fc.constantFrom(create(), create({ prompt: '[fail]' }), create({ prompt: '' })), weight: 5 },
  { arbitrary: fc.integer({ min: 1, max: 9 }).map((n) => create({ n }, 'images/generations')), weight: 3 },
  { arbitrary: fc.record({ external_task_id: someId }).map((options) => newCreate({ options })), weight: 2 },
  { arbitrary: someId.map((id) => query(id)), weight: 3 },
  { arbitrary: fc.array(someId, { maxLength: 3 }).map((ids) => tasks(ids, 'external_task_ids')), weight: 2 },
  { arbitrary: fc.constantFrom(list(), costs, { method: 'GET', target: '/' }), weight: 1 },
);
const arrivals = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 999, 1_000, dayMs / 3)),
    request,
  }),
  { maxLength: 120 },
);
const options: fc.Arbitrary<ModelOptions> = fc.record({
  tasks: fc.integer({ min: 1, max: 10 }),
  requests: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant('off' as const)),
  intervalMs: fc.constant(1_000),
  credits: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant('off' as const)),
  deductionOf: fc.constantFrom(undefined, (order: Order) => defaultCreditsOf(order) / 2),
  others: fc.array(
    fc
      .record({
        fromMs: fc.nat(5_000),
        lastsMs: fc.integer({ min: 1, max: 5_000 }),
        tasks: fc.integer({ min: 1, max: 12 }),
      })
      .map(({ lastsMs, ...window }) => ({ ...window, untilMs: window.fromMs + lastsMs })),
    { maxLength: 4 },
  ),
  taskMs: fc.constant({ min: 0, max: 2_000, tailMs: 60_000, tailShare: 0.1 }),
  faults: fc.record(Object.fromEntries(faultNames.map((name) => [name, fc.constantFrom(0.1, 0.5, { at: [1, 3] })])), {
    requiredKeys: [],
  }),
});

interface Step {
  readonly nowMs: number;
  readonly request: KlingRequest;
  readonly answer: Answer;
  readonly books: Books;
}

function play(given: ModelOptions, schedule: readonly { afterMs: number; request: KlingRequest }[]): Step[] {
  const model = createKlingModel(given);
  const random = seededRandom(1);
  let nowMs = 0;
  return schedule.map(({ afterMs, request: asked }) => {
    nowMs += afterMs;
    return { nowMs, request: asked, answer: model.answer(asked, nowMs, random), books: model.books(nowMs) };
  });
}

function codeOf({ answer }: Step): number | undefined {
  return answer.kind === 'json' ? answer.body.code : undefined;
}

describe('the model', () => {
  it('should never let more than the limit pass in any window, nor refuse one that would fit', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const { requests = 'off', intervalMs = 0 } = given;
        const steps = play({ ...given, faults: {} }, schedule);
        const passed: number[] = [];
        let costsReadAtMs = -Infinity;
        for (const step of steps) {
          const readsCosts = step.request === costs;
          const inWindow = passed.filter((stamp) => stamp > step.nowMs - intervalMs).length;
          const fits =
            (requests === 'off' || inWindow < requests) && (!readsCosts || step.nowMs - costsReadAtMs >= 1_000);
          expect(codeOf(step) !== 1302).toBe(fits);
          if (!fits) continue;
          passed.push(step.nowMs);
          if (readsCosts) costsReadAtMs = step.nowMs;
        }
        if (requests !== 'off') expect(steps.at(-1)?.books.greatestWindow ?? 0).toBeLessThanOrEqual(requests);
      }),
    );
  });

  it('should never run more than its slots, those of others counted, and refuse for want of one only then', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const { tasks: slots = 0 } = given;
        for (const step of play({ ...given, faults: {}, credits: 'off' }, schedule)) {
          const { running, others, greatestRunning } = step.books;
          expect(running + others.running).toBeLessThanOrEqual(slots);
          expect(greatestRunning).toBeLessThanOrEqual(slots);
          const weight = Number(field(step.request.body, 'n') ?? 1);
          if (codeOf(step) === 1303) expect(running + others.running + weight).toBeGreaterThan(slots);
        }
      }),
    );
  });

  it('should always tell the refusals that others are to blame for: alone we would have had room', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const { tasks: slots = 0 } = given;
        let blamed = 0;
        for (const step of play({ ...given, faults: {}, credits: 'off' }, schedule)) {
          const weight = Number(field(step.request.body, 'n') ?? 1);
          if (codeOf(step) === 1303 && step.books.running + weight <= slots) blamed += 1;
          expect(step.books.others.refused).toBe(blamed);
        }
      }),
    );
  });

  it('should never spend more in a day than its credits, and refuse for want of them only then', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const credits = typeof given.credits === 'number' ? given.credits : Infinity;
        for (const step of play({ ...given, faults: {}, epochAtMs: 0 }, schedule)) {
          const { byDay, spent } = step.books.credits;
          for (const day of byDay) expect(day.spent).toBeLessThanOrEqual(credits);
          expect(spent).toBe(byDay.reduce((sum, day) => sum + day.spent, 0));
          if (codeOf(step) !== 1102) continue;
          const today = byDay.find(({ startsAtMs }) => startsAtMs === Math.floor(step.nowMs / dayMs) * dayMs);
          const price = Number(field(step.request.body, 'n') ?? 10);
          expect((today?.spent ?? 0) + price).toBeGreaterThan(credits);
        }
      }),
    );
  });

  it('should always end each task exactly once, and answer for it in order', () => {
    const order = ['submitted', 'processing', 'succeed', 'failed'];
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const steps = play(given, schedule);
        const lives = new Map<string, string[]>();
        for (const { books } of steps) {
          for (const { taskId, status } of books.tasks) lives.set(taskId, [...(lives.get(taskId) ?? []), status]);
        }
        for (const life of lives.values()) {
          const ranks = life.map((status) => order.indexOf(status));
          expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
          expect(new Set(life).has('succeed') && new Set(life).has('failed')).toBe(false);
        }
        const last = steps.at(-1)?.books;
        expect(new Set(last?.tasks.map(({ taskId }) => taskId)).size).toBe(last?.created ?? 0);
      }),
    );
  });

  it('should always have ended everything in the end', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const model = createKlingModel(given);
        const random = seededRandom(2);
        schedule.forEach(({ request: asked }, index) => model.answer(asked, index, random));
        const { created, ended, running } = model.books(farAwayMs);
        expect({ ended: ended.succeeded + ended.failed, running }).toEqual({ ended: created, running: 0 });
      }),
    );
  });

  it('should never create two tasks under one external id, whatever is lost on the way', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const ids =
          play(given, schedule)
            .at(-1)
            ?.books.tasks.flatMap(({ externalId }) => externalId ?? []) ?? [];
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('should always create a task when it says so, and only then where no fault hides it', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        const before = new Set(['tooFast', 'plain429', 'resetBefore', 'errorBefore', 'noSlot', 'failing', 'pollError']);
        const faults = Object.fromEntries(Object.entries(given.faults ?? {}).filter(([name]) => before.has(name)));
        const steps = play({ ...given, faults }, schedule);
        const said = steps.filter((step) => step.request.method === 'POST' && codeOf(step) === 0).length;
        expect(said).toBe(steps.at(-1)?.books.created ?? 0);
      }),
    );
  });

  it('should always answer the same to the same requests, instants and draws', () => {
    fc.assert(
      fc.property(options, arrivals, (given, schedule) => {
        expect(play(given, schedule)).toEqual(play(given, schedule));
      }),
    );
  });
});
