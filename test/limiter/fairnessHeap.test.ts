import { expect, it } from 'vitest';
import { inOwnProcess } from '../ownProcess.js';

/** 40,000 keys, each at a priority of its own, come and go, 1,000 at a time; prints the size of the heap after the first quarter, and after all. */
const script = `
  import { createLimiter, concurrency, perKey, slidingWindow } from 'DIST/operators/index.js';
  import { placeOf } from 'DIST/src/limiter/place.js';
  import { Waiter } from 'DIST/src/limiter/waiter.js';

  let nowMs = 0;
  const timers = new Set();
  const clock = {
    now: () => nowMs,
    epochNow: () => nowMs,
    schedule(delayMs, run) {
      const timer = { dueMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const passTime = (byMs) => {
    nowMs += byMs;
    for (const timer of timers) if (timer.dueMs <= nowMs && timers.delete(timer)) timer.run();
  };

  const running = [];
  class Work extends Waiter {
    admitted(atMs) {
      this.atMs = atMs;
      running.push(this);
    }
  }

  const limiter = createLimiter({ limits: [concurrency({ limit: 100 }), LIMIT], clock });
  const heap = [];
  for (let wave = 1; wave <= 40; wave++) {
    for (let number = 0; number < 1_000; number++) {
      const place = placeOf({ key: { number }, priority: wave * 1_000 + number, weight: 1 + (number % 4) });
      const works = [new Work(1, place), new Work(1, place), new Work(1, place)];
      for (const work of works) limiter.enter(work);
      limiter.leave(works[2]);
    }
    while (limiter.waiting > 0 || running.length > 0) {
      for (const work of running.splice(0)) limiter.release(work.cost, work.atMs, 'succeeded', work.place.key);
      limiter.admitWaiting();
      passTime(100);
    }
    if (wave === 10 || wave === 40) {
      globalThis.gc();
      heap.push(process.memoryUsage().heapUsed);
    }
  }
  process.stdout.write(JSON.stringify(heap));
`;

it.each([
  { limit: 'concurrency({ limit: 2, name: "fewer" })' },
  { limit: 'perKey(() => concurrency({ limit: 1 }))' },
  { limit: 'perKey(() => slidingWindow({ limit: 1, intervalMs: 1_000 }))' },
  { limit: 'perKey(() => slidingWindow({ limit: 1, intervalMs: 1_000, countUntil: "start" }))' },
])(
  '40,000 keys that come and go leave nothing behind, with $limit',
  async ({ limit }) => {
    const [early, late] = (await inOwnProcess(script.replace('LIMIT', limit), '--expose-gc')) as [number, number];
    expect(late / early).toBeLessThan(1.15);
  },
  60_000,
);
