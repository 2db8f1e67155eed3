import { describe, expect, it } from 'vitest';
import { Refused } from '../refused.js';
import { over, Polling, running } from './polling.js';

const [takesMs, pollIntervalMs] = [10_000, 4_000];
const eight = Array.from('abcdefgh');

/** When a task that begins now is asked for, from then on. */
async function nextPolls(polling: Polling, forMs = 20_000): Promise<readonly number[]> {
  const sinceMs = polling.clock.now();
  const { subscription } = polling.follow('z');
  await polling.clock.settle(forMs);
  subscription.unsubscribe();
  return polling.asked.filter(({ ids }) => ids === 'z').map(({ atMs }) => atMs - sinceMs);
}

describe('the polls of a ninth task', () => {
  it('come when it is about to end, where updates have said how long eight took', async () => {
    const polling = new Polling({ pollIntervalMs });
    for (const id of eight) {
      const { subscription } = polling.follow(id);
      polling.tell(over(id, takesMs));
      subscription.unsubscribe();
    }
    const [first] = await nextPolls(polling);
    expect(first).toBeGreaterThan(9_000);
    expect(first).toBeLessThan(12_000);
  });

  it('do so even where the last poll of each of them had failed', async () => {
    const about = (id: string) => {
      if (id !== 'z') throw new Refused('transient');
      return running(id);
    };
    const polling = new Polling({ pollIntervalMs, about });
    const followed = eight.map((id) => polling.follow(id));
    await polling.clock.settle(5_000);
    expect(polling.log).toEqual(['4000 abcdefgh']);
    for (const id of eight) polling.tell(over(id, takesMs));
    for (const { subscription } of followed) subscription.unsubscribe();
    const [first] = await nextPolls(polling);
    expect(first).toBeGreaterThan(9_000);
    expect(first).toBeLessThan(12_000);
  });

  it('come when it is about to end by what was seen, where the server says nothing', async () => {
    let startedAtMs = 0;
    const about = (id: string, { atMs }: { readonly atMs: number }) =>
      id !== 'z' && atMs - startedAtMs >= takesMs ? over(id) : running(id);
    const polling = new Polling({ pollIntervalMs, about });
    for (const id of eight) {
      startedAtMs = polling.clock.now();
      const { subscription } = polling.follow(id);
      await polling.clock.settle(12_000);
      subscription.unsubscribe();
    }
    expect(polling.asked).toHaveLength(3 * eight.length);
    const [first] = await nextPolls(polling);
    expect(first).toBe(8_000);
  });

  it('come as soon as they may, where eight have ended as they began', async () => {
    const polling = new Polling({ pollIntervalMs });
    const followed = eight.map((id) => polling.follow(id));
    await polling.clock.settle(3_000);
    for (const id of eight) polling.tell(over(id, 0));
    for (const { subscription } of followed) subscription.unsubscribe();
    const [first] = await nextPolls(polling);
    expect(first).toBe(pollIntervalMs / 4);
  });

  it('come after a backoff where one has failed, however unlikely an end is by then', async () => {
    let fails = 1;
    const about = (id: string) => {
      if (id === 'z' && fails-- > 0) throw new Refused('transient');
      return running(id);
    };
    const polling = new Polling({ pollIntervalMs, about });
    for (const id of eight) {
      const { subscription } = polling.follow(id);
      polling.tell(over(id, 10 * takesMs));
      subscription.unsubscribe();
    }
    const early = polling.clock.now() + 2_000;
    polling.clock.schedule(early, () => polling.tell(over('z'), false));
    const polls = await nextPolls(polling, 7_000);
    expect(polls).toEqual([2_000, 6_000]);
  });
});
