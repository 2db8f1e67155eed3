import type { Clock } from '../clock.js';
import type { Limit } from '../limits/limit.js';
import type { Explanation } from './events.js';
import { MemoryStore } from './memoryStore.js';
import type { Waiter } from './waiter.js';

/** Why the work that was given this id waits; undefined where none of that id does. */
export function explain(
  id: unknown,
  waiting: Iterable<Waiter>,
  limits: readonly Limit[],
  clock: Clock,
): Explanation | undefined {
  const nowMs = clock.now();
  const placeOfKey = new Map<unknown, number>();
  let ahead = 0;
  for (const waiter of waiting) {
    const { key } = waiter.place;
    const place = placeOfKey.get(key) ?? 0;
    if (waiter.label === id) {
      // To be asked out of turn could move a limit that learns.
      const copies = limits.map((limit) => limit.copy?.() ?? limit);
      const store = new MemoryStore(copies, () => clock.epochNow());
      const atMs = store.earliest(waiter.cost, nowMs, key);
      return { place, ahead, heldBy: store.heldBy?.name, atLeastMs: atMs - nowMs };
    }
    placeOfKey.set(key, place + 1);
    ahead++;
  }
  return undefined;
}
