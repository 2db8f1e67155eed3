import { describe, expect, it } from 'vitest';
import type { TaskUpdate, TaskUpdates } from '../../src/tasks/taskApi.js';
import { createLimiter } from '../../operators/createLimiter.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { begin, play } from './generating.js';
import { Refused } from './refused.js';
import { VirtualClock } from './virtualClock.js';

/** Where updates are handed in by the test. */
class Updates implements TaskUpdates {
  readonly #listeners = new Set<(update: TaskUpdate) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  on(listener: (update: TaskUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(update: TaskUpdate): void {
    for (const listener of this.#listeners) listener(update);
  }
}

function ended(id: string, isVerified: boolean): TaskUpdate {
  const outputs = [{ type: 'video', url: 'https://files.invalid/of-the-callback' }] as const;
  return { isVerified, task: { ref: { product: '', id }, status: 'succeeded', outputs } };
}

const minute = { takesMs: 60_000 };

describe('the polls of generate', () => {
  it('ask for all that runs in one request', async () => {
    const { server } = await play({ prompts: ['a', 'b', 'c'], pollIntervalMs: 40, server: { pollBatch: 20 } });
    expect(server.polled).toEqual(['abc', 'abc', 'abc']);
  });

  it('ask for no more at a time than the API takes', async () => {
    const { server } = await play({ prompts: ['a', 'b', 'c'], pollIntervalMs: 100, server: { pollBatch: 2 } });
    expect(server.polled.map(({ length }) => length)).toEqual([2, 1]);
  });

  it('have a request for each product', async () => {
    const prompts = ['a', { prompt: 'b', product: 'image' }];
    const { server } = await play({ prompts, pollIntervalMs: 100, server: { pollBatch: 20 } });
    expect(server.polled.toSorted()).toEqual(['a', 'b']);
  });

  it('let submits go first where both wait for the rate', async () => {
    const clock = new VirtualClock();
    const requests = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 100 })], clock });
    const prompts = ['a', 'b', 'c'].map((prompt) => ({ prompt, takesMs: 1_000 }));
    const { server } = await play({ prompts, clock, requests, pollIntervalMs: 50, server: { pollBatch: 20 } });
    expect(server.sent.slice(0, 3).map(({ kind }) => kind)).toEqual(['submit', 'submit', 'submit']);
  });

  it('ask alone for one that an answer about many did not show', async () => {
    const generating = begin({ prompts: ['a', 'b'], pollIntervalMs: 100, server: { pollBatch: 20 } });
    const { server, clock } = generating;
    const poll = server.poll.bind(server);
    server.poll = async (refs, options) => {
      const answers = await poll(refs, options);
      return refs.length === 1 ? answers : answers.map((answer, index) => (index === 0 ? 'unseen' : answer));
    };
    await clock.settle();
    expect(server.polled).toEqual(['ab', 'a']);
    expect(generating.recording.values.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('wait before they ask again for one that is not shown even alone', async () => {
    const generating = begin({ prompts: ['a'], pollIntervalMs: 100, server: { pollBatch: 20 } });
    const { server, clock, recording } = generating;
    const poll = server.poll.bind(server);
    server.poll = async (refs, options) => {
      const answers = await poll(refs, options);
      return server.polled.length < 3 ? ['unseen'] : answers;
    };
    await clock.settle();
    // The first after the interval, the others after a backoff of 1 s and of 2 s.
    expect(server.sent.filter(({ kind }) => kind === 'poll').map(({ atMs }) => atMs)).toEqual([100, 1_100, 3_100]);
    expect(recording.values.map(({ status }) => status)).toEqual(['succeeded']);
  });

  it('ask one by one where a server cannot be asked for many', async () => {
    const generating = begin({ prompts: ['a', 'b', 'c'], pollIntervalMs: 100, server: { pollBatch: 20 } });
    const { server, clock, recording } = generating;
    const poll = server.poll.bind(server);
    server.poll = (refs, options) => (refs.length === 1 ? poll(refs, options) : Promise.reject(new Refused('invalid')));
    await clock.settle();
    expect(server.polled).toEqual(['a', 'b', 'c']);
    expect(recording.values.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('lose none of the others where the answer about one is of no use', async () => {
    const generating = begin({ prompts: ['a', 'b'], maxRetries: 1, pollIntervalMs: 100, server: { pollBatch: 20 } });
    const { server, clock, recording } = generating;
    const poll = server.poll.bind(server);
    server.poll = async (refs, options) => {
      const answers = await poll(refs, options);
      return refs.map(({ id }, index) => (id === 't-1' ? new Error('strange') : (answers[index] ?? 'absent')));
    };
    await clock.settle(1_000);
    expect(recording.values.map(({ prompt, status }) => [prompt, status])).toEqual([['b', 'succeeded']]);
    recording.subscription.unsubscribe();
  });

  it('are far fewer than one a task each interval, once it is known how long tasks take', async () => {
    const prompts = Array.from({ length: 60 }, (_, index) => ({ prompt: `${index}`, ...minute }));
    const { server, recording } = await play({ prompts, pollIntervalMs: 10_000, server: { pollBatch: 20 } });
    expect(recording.values).toHaveLength(60);
    expect(server.polled.length).toBeLessThan(0.4 * 60 * 6);
  });

  describe('of tasks that take 10 s each, one after the other', () => {
    const [takesMs, pollIntervalMs] = [10_000, 4_000];

    /** When each was asked for, from its start. */
    async function asked(stamps: (createdAtMs: number) => object): Promise<readonly (readonly number[])[]> {
      const prompts = Array.from({ length: 14 }, (_, index) => ({ prompt: `${index}`, takesMs }));
      const { server, clock } = begin({ prompts, concurrent: 1, pollIntervalMs });
      const poll = server.poll.bind(server);
      server.poll = async (refs, options) => {
        const [answer] = await poll(refs, options);
        const { createdAtMs } = server.tasks.find(({ taskId }) => taskId === refs[0]?.id)!;
        return typeof answer === 'object' && !(answer instanceof Error) ? [{ ...answer, ...stamps(createdAtMs) }] : [];
      };
      await clock.settle();
      return server.tasks.map(({ order, createdAtMs }) => {
        const polls = server.sent.filter(({ kind, prompt }) => kind === 'poll' && prompt === order.prompt);
        return polls.map(({ atMs }) => atMs - createdAtMs);
      });
    }

    it('come when it is about to end, once the server has said how long eight took by its own clock', async () => {
      const polls = await asked((createdAtMs) => ({
        createdAtMs: 1e12 + createdAtMs,
        updatedAtMs: 1e12 + createdAtMs + takesMs,
      }));
      expect(polls.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => [4_000, 8_000, 12_000]));
      for (const [first = NaN, ...later] of polls.slice(9)) {
        expect(first).toBeGreaterThan(9_000);
        expect([first, ...later].at(-1)).toBeLessThan(12_000);
      }
    });

    it.each([
      ['ends before it begins', { createdAtMs: 1e12, updatedAtMs: 1e12 - 1 }],
      ['begins and does not end', { createdAtMs: 1e12 }],
      ['ends and did not begin', { updatedAtMs: 1e12 }],
    ])('go by what they have seen themselves where by its clock it %s', async (_, stamps) => {
      expect(await asked(() => stamps)).toEqual(await asked(() => ({})));
    });
  });

  it('are aborted with the subscription', async () => {
    const generating = begin({ prompts: ['a'], server: { latencyMs: 50, pollBatch: 20 } });
    await generating.clock.settle(115);
    expect(generating.server.polled).toEqual(['a']);
    expect(generating.clock.pending).toBeGreaterThan(0);
    generating.recording.subscription.unsubscribe();
    // Not even the answer is waited for.
    expect(generating.clock.pending).toBe(0);
  });
});

describe('updates', () => {
  it('end a task at once where they are verified', async () => {
    const updates = new Updates();
    const generating = begin({ prompts: [{ prompt: 'a', ...minute }], pollIntervalMs: 30_000, updates });
    generating.clock.schedule(5, () => updates.tell(ended('t-1', true)));
    await generating.clock.settle();
    expect(generating.recording.timeline.map(([atMs, { outputs }]) => [atMs, outputs[0]?.url])).toEqual([
      [5, 'https://files.invalid/of-the-callback'],
    ]);
    expect(generating.server.sentAs('poll')).toBe('');
    expect(updates.listeners).toBe(0);
  });

  it('are found by the id under which the task was sent, too', async () => {
    const updates = new Updates();
    const generating = begin({ prompts: [{ prompt: 'a', ...minute }], externalId: () => 'mine', updates });
    const { task } = ended('', true);
    generating.clock.schedule(5, () => updates.tell({ isVerified: true, task: { ...task, externalId: 'mine' } }));
    await generating.clock.settle();
    expect(generating.recording.timeline[0]?.[0]).toBe(5);
  });

  it('are a reason to ask, and no more, where anybody may have sent them', async () => {
    const updates = new Updates();
    const generating = begin({ prompts: [{ prompt: 'a', takesMs: 100 }], pollIntervalMs: 1_000, updates });
    generating.clock.schedule(300, () => updates.tell(ended('t-1', false)));
    await generating.clock.settle();
    expect(generating.recording.timeline.map(([atMs, { outputs }]) => [atMs, outputs[0]?.url])).toEqual([
      [300, 'https://files.invalid/t-1'],
    ]);
  });

  it('that say how a task is in words that are none are a reason to ask, too', async () => {
    const updates = new Updates();
    const generating = begin({ prompts: [{ prompt: 'a', takesMs: 100 }], pollIntervalMs: 1_000, updates });
    const { task } = ended('t-1', true);
    const strange = { isVerified: true, task: { ...task, status: 'processing' as 'running' } };
    generating.clock.schedule(300, () => updates.tell(strange));
    await generating.clock.settle();
    expect(generating.recording.timeline).toMatchObject([
      [300, { status: 'succeeded', outputs: [{ url: 'https://files.invalid/t-1' }] }],
    ]);
  });

  it("about others are nobody's concern", async () => {
    const updates = new Updates();
    const generating = begin({ prompts: ['a'], updates });
    generating.clock.schedule(5, () => updates.tell(ended('t-99', true)));
    await generating.clock.settle();
    expect(generating.recording.timeline[0]?.[0]).toBe(100);
  });
});
