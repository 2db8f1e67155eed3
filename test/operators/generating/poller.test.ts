import { describe, expect, it } from 'vitest';
import { over, Polling, running, type Asked } from './polling.js';

describe('a poller', () => {
  it('asks for a task each interval, for as long as it is followed', async () => {
    const polling = new Polling();
    const followed = polling.follow('a');
    await polling.clock.settle(350);
    expect(polling.log).toEqual(['100 a', '200 a', '300 a']);
    expect(followed.values).toEqual(Array.from({ length: 3 }, () => ({ remote: running('a') })));
    followed.subscription.unsubscribe();
    await polling.clock.settle();
    expect(polling.asked).toHaveLength(3);
  });

  it('does not wait for an answer before it asks for those that one poll has no room for', async () => {
    const polling = new Polling({ pollBatch: 1, latencyMs: 1_000 });
    for (const id of 'abc') polling.follow(id);
    await polling.clock.settle(500);
    expect(polling.log).toEqual(['100 a', '100 b', '100 c']);
  });

  it('goes on for whoever follows a task anew before the one before has left', async () => {
    const polling = new Polling();
    const first = polling.follow('a');
    const second = polling.follow('a');
    first.subscription.unsubscribe();
    await polling.clock.settle(150);
    expect(second.values).toEqual([{ remote: running('a') }]);
    second.subscription.unsubscribe();
    expect(polling.clock.pending).toBe(0);
  });

  it.each([
    [150, [false]],
    [230, [false, true]],
  ])(
    'aborts a poll as the last has left whom it asks for, and none that was answered (%d ms)',
    async (atMs, aborted) => {
      const polling = new Polling({ latencyMs: 20 });
      const followed = ['a', 'b'].map((id) => polling.follow(id));
      await polling.clock.settle(atMs);
      for (const { subscription } of followed) subscription.unsubscribe();
      expect(polling.asked.map(({ signal }) => signal.aborted)).toEqual(aborted);
    },
  );

  it('aborts one though an earlier one that asked for the same task was answered while it was on its way', async () => {
    const polling = new Polling({ latencyMs: ({ atMs }) => (atMs === 100 ? 300 : 1_000) });
    const first = polling.follow('a');
    polling.follow('b');
    await polling.clock.settle(150);
    first.subscription.unsubscribe();
    const second = polling.follow('a');
    await polling.clock.settle(300);
    expect(polling.log).toEqual(['100 ab', '250 a']);
    second.subscription.unsubscribe();
    expect(polling.asked.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  });

  it('does not ask for one that has left while it was asked for, whatever the answer', async () => {
    const about = (id: string, { ids }: Asked) => (ids.length > 1 && id !== 'c' ? 'unseen' : running(id));
    const polling = new Polling({ latencyMs: 20, about });
    const [a, , c] = Array.from('abc', (id) => polling.follow(id));
    await polling.clock.settle(110);
    for (const left of [a, c]) left?.subscription.unsubscribe();
    await polling.clock.settle(100);
    expect(polling.log).toEqual(['100 abc', '120 b']);
  });
});

describe('an update that is verified', () => {
  it('is told as news where a task goes on, and puts no poll off', async () => {
    const polling = new Polling();
    const { timeline } = polling.follow('a');
    await polling.clock.settle(50);
    polling.tell(running('a'));
    await polling.clock.settle(100);
    expect(timeline).toEqual([50, 100].map((atMs) => [atMs, { remote: running('a') }]));
  });

  it('ends the polls of the task that has ended, and of no other', async () => {
    const polling = new Polling();
    const followed = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(50);
    polling.tell(over('b'));
    await polling.clock.settle(100);
    expect(polling.log).toEqual(['100 a']);
    expect(followed.map(({ values }) => values)).toEqual([[{ remote: running('a') }], [{ remote: over('b') }]]);
  });
});
