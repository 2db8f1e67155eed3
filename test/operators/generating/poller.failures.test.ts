import { Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TaskLostError } from '../../../src/errors.js';
import { Refused } from '../refused.js';
import { over, Polling, running, type Asked } from './polling.js';

const transient = new Refused('transient');

/** Refuses the first poll of all, or those that it is told to, and says of all else that it runs. */
function refusing(error: unknown, which = ({ atMs }: Asked): boolean => atMs === 100) {
  return (id: string, asked: Asked) => {
    if (which(asked)) throw error;
    return running(id);
  };
}

describe('a poll that is refused', () => {
  it('is told, and asked again after a backoff for all whom it was about, in one; then each interval as before', async () => {
    const polling = new Polling({ about: refusing(transient) });
    const followed = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(1_350);
    expect(polling.log).toEqual(['100 ab', '1100 ab', '1200 ab', '1300 ab']);
    for (const { timeline } of followed) expect(timeline[0]).toEqual([100, { error: transient }]);
  });

  it('is one that fails where the API throws rather than rejects, too', async () => {
    let calls = 0;
    const error = new TypeError('broken');
    const polling = new Polling({
      leaves: () => {
        if (calls++ === 0) throw error;
      },
    });
    const { timeline } = polling.follow('a');
    await polling.clock.settle(1_150);
    expect(polling.log).toEqual(['100 a', '1100 a']);
    expect(timeline).toEqual([
      [100, { error }],
      [1_100, { remote: running('a') }],
    ]);
  });

  it.each([undefined, null, {}, 'done'])('is one that fails where the API answers with %j', async (answer) => {
    let polls = 0;
    const polling = new Polling({ answers: (asked) => (polls++ === 0 ? answer : Array.from(asked.ids, running)) });
    const { timeline } = polling.follow('a');
    await polling.clock.settle(1_150);
    expect(polling.log).toEqual(['100 a', '1100 a']);
    expect(timeline).toEqual([
      [100, { error: new TypeError('poll must answer with an array: one entry for each task asked for') }],
      [1_100, { remote: running('a') }],
    ]);
  });

  it('is one that succeeds where the API answers without a promise', async () => {
    const polling = new Polling({ answers: (asked) => Array.from(asked.ids, running) });
    const { timeline } = polling.follow('a');
    await polling.clock.settle(150);
    expect(timeline).toEqual([[100, { remote: running('a') }]]);
  });

  it('never makes the next one come sooner than the interval', async () => {
    const polling = new Polling({ pollIntervalMs: 4_000, about: refusing(transient, ({ atMs }) => atMs === 4_000) });
    polling.follow('a');
    await polling.clock.settle(8_500);
    expect(polling.log).toEqual(['4000 a', '8000 a']);
  });

  it('waits as long as the server asks', async () => {
    const polling = new Polling({ about: refusing(new Refused({ meaning: 'transient', hintMs: 5_000 })) });
    polling.follow('a');
    await polling.clock.settle(5_150);
    expect(polling.log).toEqual(['100 a', '5100 a']);
  });

  it('waits longer each time in a row, and as long for two as for the one that has failed less', async () => {
    const about = (id: string, { atMs }: Asked) => {
      if (id === 'a' && atMs === 100) return transient;
      if (atMs >= 1_100) throw transient;
      return running(id);
    };
    const polling = new Polling({ about });
    for (const id of 'ab') polling.follow(id);
    await polling.clock.settle(9_000);
    const both = polling.asked.filter(({ ids }) => ids.length === 2).map(({ atMs }) => atMs);
    expect(both).toEqual([100, 1_100, 2_100, 4_100, 8_100]);
    expect(polling.asked.every(({ ids }) => ids.includes('b'))).toBe(true);
  });

  it('leads to one for each where it was wrong to ask for several, at once', async () => {
    const polling = new Polling({ about: refusing(new Refused('invalid'), ({ ids }) => ids.length > 1) });
    const followed = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(150);
    expect(polling.log).toEqual(['100 ab', '100 a', '100 b']);
    expect(followed.map(({ values }) => values)).toEqual([[{ remote: running('a') }], [{ remote: running('b') }]]);
  });

  it('is the fault of the one who is left, where all others have gone meanwhile', async () => {
    const invalid = new Refused('invalid');
    const polling = new Polling({ latencyMs: 20, about: refusing(invalid) });
    const staying = polling.follow('a');
    const { subscription } = polling.follow('b');
    await polling.clock.settle(110);
    subscription.unsubscribe();
    await polling.clock.settle(1_050);
    expect(polling.log).toEqual(['100 ab', '1120 a']);
    expect(staying.timeline[0]).toEqual([120, { error: invalid }]);
  });
});

describe('an answer', () => {
  it('that does not show one among many leads to a poll for it alone, at once', async () => {
    const polling = new Polling({ about: (id, { ids }) => (id === 'a' && ids.length > 1 ? 'unseen' : running(id)) });
    const { timeline } = polling.follow('a');
    polling.follow('b');
    await polling.clock.settle(150);
    expect(polling.log).toEqual(['100 ab', '100 a']);
    expect(timeline).toEqual([[100, { remote: running('a') }]]);
  });

  it('that does not show one asked for alone is no use, and says of whom', async () => {
    const polling = new Polling({ about: (id, { atMs }) => (atMs === 100 ? 'unseen' : running(id)) });
    const { timeline } = polling.follow('a');
    await polling.clock.settle(1_150);
    const error = new Error('the answer about task a alone does not show it');
    expect(timeline).toEqual([
      [100, { error }],
      [1_100, { remote: running('a') }],
    ]);
  });

  const ref = { product: 'video', id: 'a' };
  it.each([
    ...[null, 'done', {}, { ref, status: 'processing', outputs: [] }, { status: 'running', outputs: [] }],
    ...[undefined, null, [{ type: 'video' }], [null]].map((outputs) => ({ ref, status: 'succeeded', outputs })),
  ])('that is none, %j, is no use, and takes nothing from the others', async (answer) => {
    const polling = new Polling({
      answers: ({ ids }) => Array.from(ids, (id) => (id === 'a' ? answer : running(id))),
    });
    const [a, b] = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(150);
    const error = new TypeError(
      'the answer about task a must be a task: { ref, status: running, succeeded or failed, outputs }',
    );
    expect(a?.timeline).toEqual([[100, { error }]]);
    expect(b?.timeline).toEqual([[100, { remote: running('b') }]]);
  });

  it('that is of no use about one is told of that one, who is asked for again after a backoff', async () => {
    const error = new Error('strange');
    const polling = new Polling({ about: (id, { atMs }) => (id === 'a' && atMs === 100 ? error : running(id)) });
    const [one, other] = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(1_150);
    expect(one?.timeline).toEqual([
      [100, { error }],
      [1_100, { remote: running('a') }],
    ]);
    expect(other?.values).toHaveLength(11);
  });

  it.each([
    ['says that there is no such task', 'absent' as const],
    ['is too short to be about it', undefined],
  ])('that %s means that it is lost', async (_, answer) => {
    const polling = new Polling({ about: (id) => (id === 'b' ? answer : running(id)) });
    const [one, other] = ['a', 'b'].map((id) => polling.follow(id));
    await polling.clock.settle(150);
    expect(one?.values).toEqual([{ remote: running('a') }]);
    expect(other?.values).toEqual([{ error: new TaskLostError('b') }]);
  });

  it('that comes begins the backoff anew', async () => {
    const polling = new Polling({ about: refusing(transient, ({ atMs }) => atMs === 100 || atMs === 1_200) });
    polling.follow('a');
    await polling.clock.settle(2_250);
    expect(polling.log).toEqual(['100 a', '1100 a', '1200 a', '2200 a']);
  });

  it('that comes amid the backoff from elsewhere ends it', async () => {
    const polling = new Polling({ about: refusing(transient) });
    const { timeline, subscription } = polling.follow('a');
    await polling.clock.settle(500);
    polling.tell(over('a'));
    expect(timeline.at(-1)).toEqual([500, { remote: over('a') }]);
    subscription.unsubscribe();
    expect(polling.clock.pending).toBe(0);
  });
});

it('a poll that fails leaves no timer behind where the first who is told of it has all of them leave', async () => {
  const polling = new Polling({ about: refusing(transient) });
  const all = new Subscription();
  for (const id of 'ab') {
    const task = { ref: { product: 'video', id }, externalId: id, sinceMs: 0 };
    all.add(polling.poller.follow(task).subscribe(() => all.unsubscribe()));
  }
  await polling.clock.settle(150);
  expect(polling.log).toEqual(['100 ab']);
  expect(polling.clock.pending).toBe(0);
});
