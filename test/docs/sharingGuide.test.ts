import { expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { AcquireOptions } from '../../src/limiter/acquisition.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { VirtualClock } from '../../src/virtualClock.js';
import { rowsOf } from './pageTable.js';

const users = { cy: 1_000, bob: 100, ada: 100 };
type User = keyof typeof users;

/** How many of the first 100 starts are whose. */
async function sharesOf(placeOf: (user: User) => AcquireOptions): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: [concurrency({ limit: 5 })], clock });
  const started: User[] = [];
  const work = (user: User): Promise<void> => {
    started.push(user);
    return new Promise((resolve) => clock.schedule(1_000, resolve));
  };
  limiter.coolDown(1, { ramp: false });
  for (const user of Object.keys(users) as User[]) {
    for (let n = 0; n < users[user]; n++) void limiter.run(() => work(user), placeOf(user));
  }
  await clock.settle(Infinity, () => started.length >= 100);
  const first = started.slice(0, 100);
  return Object.keys(users).map((user) => String(first.filter((it) => it === user).length));
}

it('should have the shares that the guide to sharing limits tells', async () => {
  expect(rowsOf('docs/guides/sharing-limits.md', 'of the first 100 starts')).toEqual([
    ['no `key`', ...(await sharesOf(() => ({})))],
    ['`key`', ...(await sharesOf((key) => ({ key })))],
    ['`key`, ada with `weight` 3', ...(await sharesOf((key) => ({ key, weight: key === 'ada' ? 3 : 1 })))],
    ['`key`, ada with `priority` 1', ...(await sharesOf((key) => ({ key, priority: key === 'ada' ? 1 : 0 })))],
  ]);
});
