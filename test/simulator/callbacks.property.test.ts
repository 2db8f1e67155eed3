import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../src/simulator/callbacks.js';
import type { Faults } from '../../src/simulator/faults.js';
import { createKlingModel } from '../../src/simulator/model.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { createWire } from '../../src/simulator/wire.js';
import { runs } from '../runs.js';
import { VirtualClock } from '../virtualClock.js';
import { create, field, newCreate } from './asking.js';

const farAwayMs = 1e9;
const url = 'http://localhost:9/told';
interface Ordered {
  readonly afterMs: number;
  readonly prompt: string;
  readonly isNew: boolean;
  readonly callback: string | undefined;
}
const orders: fc.Arbitrary<readonly Ordered[]> = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 5_000 }),
    prompt: fc.constantFrom('a cat', 'a dog [fail]'),
    isNew: fc.boolean(),
    callback: fc.constantFrom(url, undefined, 'http://example.test/told'),
  }),
  { maxLength: 25 },
);
const share = fc.constantFrom(undefined, 0.3, 1);
const faults: fc.Arbitrary<Faults> = fc.record({ callbackLost: share, callbackLate: share, callbackTwice: share });

function play(given: readonly Ordered[], trouble: Faults = {}, seed = 1) {
  const clock = new VirtualClock();
  const model = createKlingModel({ tasks: 100, requests: 'off', faults: trouble, taskMs: { min: 0, max: 9_000 } });
  const told: { readonly callback: Callback; readonly nowMs: number }[] = [];
  const onCallback = (callback: Callback): void => void told.push({ callback, nowMs: clock.now() });
  const wire = createWire({ model, clock, random: seededRandom(seed), onCallback });
  for (const { afterMs, prompt, isNew, callback } of given) {
    clock.advance(afterMs);
    const wish = callback === undefined ? {} : { callback_url: callback };
    wire.send(isNew ? newCreate({ prompt, options: wish }) : create({ prompt, ...wish }), () => {});
  }
  clock.drain();
  return { told, books: model.books(farAwayMs), wanted: given.map(({ callback }) => callback === url) };
}

/** The statuses told of each task, in the order in which they were. */
function lives(told: ReturnType<typeof play>['told']): ReadonlyMap<unknown, readonly unknown[]> {
  const all = new Map<unknown, unknown[]>();
  for (const { callback } of told) {
    const id = field(callback.body, 'task_id') ?? field(callback.body, 'id');
    const status = field(callback.body, 'task_status') ?? field(callback.body, 'status');
    all.set(id, [...(all.get(id) ?? []), status === 'succeeded' ? 'succeed' : status]);
  }
  return all;
}

describe('callbacks', () => {
  it('should always tell of each change of each task that asks for it exactly once, in order, without faults', () => {
    fc.assert(
      fc.property(orders, (given) => {
        const { told, books, wanted } = play(given);
        const due = books.tasks.filter((_, index) => wanted[index]);
        expect(lives(told)).toEqual(
          new Map(due.map(({ taskId, status }) => [taskId, ['submitted', 'processing', status]])),
        );
        expect(books.callbacks).toMatchObject({ due: told.length, sent: told.length });
        for (const { callback, nowMs } of told) expect(nowMs).toBeGreaterThanOrEqual(callback.dueAtMs);
      }),
      runs(100),
    );
  });

  it('should always make up the difference with its faults: what is lost is missing, what comes twice is a copy', () => {
    fc.assert(
      fc.property(orders, faults, fc.nat(), (given, trouble, seed) => {
        const { told, books } = play(given, trouble, seed);
        const { callbackLost = 0, callbackTwice = 0 } = books.faults;
        expect(told.length).toBe(books.callbacks.due - callbackLost + callbackTwice);
        const bodies = new Map<string, object>();
        for (const { callback } of told) {
          expect(callback.body).toEqual(bodies.get(callback.id) ?? callback.body);
          bodies.set(callback.id, callback.body);
        }
        expect(bodies.size).toBe(books.callbacks.due - callbackLost);
      }),
      runs(100),
    );
  });

  it('should always send what is late behind the word of the end', () => {
    fc.assert(
      fc.property(orders, fc.nat(), (given, seed) => {
        // All but the third of each task, which tells of its end.
        const at = Array.from({ length: 75 }, (_, index) => index + 1).filter((number) => number % 3 !== 0);
        const { told } = play(given, { callbackLate: { at } }, seed);
        for (const [head, ...late] of lives(told).values()) {
          expect(['succeed', 'failed']).toContain(head);
          expect([...late].sort()).toEqual(['processing', 'submitted']);
        }
      }),
      runs(100),
    );
  });
});
