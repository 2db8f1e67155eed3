import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyedStates, sse } from '../../../operators/sse/index.js';
import { runs } from '../../runs.js';
import { Reading } from './reading.js';
import { VirtualClock } from '../virtualClock.js';

type Step =
  | { readonly set: string }
  | { readonly remove: string }
  | { readonly read: number }
  /** The line breaks; the client comes back with the id of the last event that it has. */
  | 'break';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: key }) },
  { weight: 1, arbitrary: fc.record({ remove: key }) },
  { weight: 3, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant('break' as const) },
);

/** What a page would show. */
class Page {
  readonly states = new Map<string, number>();
  readonly seen: number[] = [];
  lastEventId = '';
  #reading: Reading | undefined;
  #known = 0;

  async read(times: number, connect: (id: string) => Response): Promise<void> {
    this.#reading ??= new Reading(connect(this.lastEventId));
    await this.#reading.read(times);
    for (const { event, data, id } of this.#reading.events.slice(this.#known)) {
      this.#known++;
      this.lastEventId = id;
      const told = JSON.parse(data) as { key: string; value: number } | null;
      if (event === 'reset') this.states.clear();
      if (told !== null && event === 'gone') this.states.delete(told.key);
      if (told === null || event !== 'state') continue;
      this.states.set(told.key, told.value);
      this.seen.push(told.value);
    }
  }

  async breakOff(): Promise<void> {
    await this.#reading?.cancel();
    this.#reading = undefined;
    this.#known = 0;
  }
}

it('should always lead a client that comes and goes to the states that there are, and never tell it one twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 2, max: 9 }), async (steps, maxKeys) => {
      const states = keyedStates<{ readonly key: string; readonly value: number }>({ maxKeys });
      const there = new Map<string, number>();
      const page = new Page();
      const connect = (id: string): Response => {
        const request = new Request('http://127.0.0.1/', id === '' ? {} : { headers: { 'last-event-id': id } });
        return sse((last) => states.since(last), { request, clock: new VirtualClock() });
      };
      let value = 0;
      for (const it of steps) {
        if (it === 'break') await page.breakOff();
        else if ('set' in it) states.set(it.set, { key: it.set, value: ++value });
        else if ('remove' in it) states.delete(it.remove);
        else await page.read(it.read, connect);
      }
      await page.read(4, connect);
      for (const state of states.values()) there.set(state.key, state.value);
      expect(page.states).toEqual(there);
      if (maxKeys >= 4) expect(new Set(page.seen).size).toBe(page.seen.length);
      await page.breakOff();
    }),
    runs(150),
  );
});
