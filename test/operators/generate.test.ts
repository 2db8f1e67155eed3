import { asyncScheduler, config, map, of, pipe, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { clockOf } from '../../operators/time/clock.js';
import { createLimiter } from '../../operators/createLimiter.js';
import { generate } from '../../operators/generate.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import { systemClock } from '../../src/clock.js';
import { OptionsError } from '../../src/errors.js';
import { tiers } from '../../src/kling/tiers.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { FakeServer } from './fakeServer.js';
import { begin, play, type GeneratingOptions, type Prompt } from './generating.js';
import { operatorContract } from './operatorContract.js';
import { record, type Recording } from './recording.js';
import { VirtualClock } from './virtualClock.js';

const quick: GenerateOptions<string> = { concurrent: 3, rate: 'off', pollIntervalMs: 10 };
operatorContract('generate', {
  make: () =>
    pipe(
      generate(new FakeServer({ clock: systemClock }), quick),
      map(({ prompt }) => prompt),
    ),
  isSynchronous: false,
  throwing: {
    externalId: (externalId) =>
      pipe(
        generate(new FakeServer({ clock: systemClock }), { ...quick, externalId }),
        map(({ prompt }) => prompt),
      ),
  },
});

/** A recording of results as a marble diagram, each by its prompt. */
function drawn({ timeline, end, endedAtMs }: Recording<{ readonly prompt: Prompt }>): string {
  const columns: string[] = [];
  for (const [atMs, { prompt }] of timeline)
    columns[atMs] = typeof prompt === 'string' ? prompt : (prompt.prompt ?? '');
  columns[endedAtMs] = end;
  return Array.from(columns, (column: string | undefined) => column ?? '-').join('');
}

describe('generate', () => {
  it('turns prompts into results, a slot held from the sending of each to its end', async () => {
    const tasks = { a: 6, b: 9, c: 16 };
    const prompts = '  -abc--------------------|';
    const result = '   -------a---b-----------c|';
    const source = (clock: VirtualClock): Subject<Prompt> => {
      const subject = new Subject<Prompt>();
      for (const [prompt, takesMs] of Object.entries(tasks)) {
        clock.schedule(prompts.trim().indexOf(prompt), () => subject.next({ prompt, takesMs }));
      }
      clock.schedule(prompts.trim().indexOf('|'), () => subject.complete());
      return subject;
    };
    const { recording } = await play({ prompts: source, concurrent: 2, pollIntervalMs: 1 });
    expect(drawn(recording)).toBe(result.trim());
  });

  it('tells what became of a prompt', async () => {
    const startMs = new VirtualClock().epochNow();
    const { recording } = await play({
      prompts: ['a'],
      externalId: (_, index) => `id-a-${index}`,
    });
    expect(recording.values).toEqual([
      {
        index: 0,
        id: 'id-a-0',
        prompt: 'a',
        status: 'succeeded',
        isFinal: true,
        taskId: 't-1',
        outputs: [{ type: 'video', url: 'https://files.invalid/t-1' }],
        attempts: 1,
        credits: 1,
        submittedAtMs: startMs,
        endedAtMs: startMs + 100,
      },
    ]);
  });

  it('tells of a task that ended without a result, and goes on', async () => {
    const { recording } = await play({ prompts: [{ prompt: 'a', fails: true }, 'b'] });
    expect(recording).toMatchObject({
      values: [
        {
          status: 'failed',
          taskId: 't-1',
          error: { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message: 'it did not work out' },
        },
        { status: 'succeeded' },
      ],
      end: '|',
    });
  });

  it('sends nothing for input that is not valid, or that could never have a slot', async () => {
    const { recording, server } = await play({ prompts: ['', { prompt: 'heavy', slots: 6 }, 'fine'], concurrent: 5 });
    expect(recording.values).toMatchObject([
      { index: 0, attempts: 0, error: { meaning: 'invalid', code: 'SLUICE_BAD_OPTIONS' } },
      { index: 1, attempts: 0, error: { meaning: 'invalid', code: 'SLUICE_COST_OVER_CAPACITY' } },
      { index: 2, status: 'succeeded' },
    ]);
    expect(server.sentAs('submit')).toBe('fine1');
  });

  it('names its ids itself, apart and fit for a server', async () => {
    const { recording } = await play({ prompts: ['a', 'a', 'a'] });
    const ids = recording.values.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^sluice-[\w-]{1,57}$/);
  });

  it('tells its observer of everything, in order', async () => {
    const { events } = await play({
      prompts: ['a'],
      server: { faultOf: ({ kind, nth }) => (kind === 'submit' && nth === 1 ? 'lost' : undefined) },
    });
    const startMs = new VirtualClock().epochNow();
    expect(events.map(({ type, atMs, index }) => [type, atMs - startMs, index])).toEqual([
      ['queued', 0, 0],
      ['submitting', 0, 0],
      ['refused', 0, 0],
      ['retrying', 0, 0],
      ['looking-up', 1_000, 0],
      ['submitted', 1_000, 0],
      ['ended', 1_000, 0],
    ]);
  });

  it('tells of a task that is on its way', async () => {
    const { events } = await play({ prompts: ['a'], pollIntervalMs: 40 });
    expect(events.map(({ type }) => type)).toEqual(['queued', 'submitting', 'submitted', 'processing', 'ended']);
  });

  it('does its work though its observer throws; that is reported apart', async () => {
    const reported = vi.fn();
    config.onUnhandledError = reported;
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const error = new Error('of the observer');
    const observer = {
      next: () => {
        throw error;
      },
    };
    const { recording, server } = await play({ prompts: ['a', 'b'], observer });
    vi.runAllTimers();
    vi.useRealTimers();
    config.onUnhandledError = null;
    expect(recording).toMatchObject({ values: [{ status: 'succeeded' }, { status: 'succeeded' }], end: '|' });
    expect(server.sentAs('submit')).toBe('a1 b1');
    expect(reported).toHaveBeenCalledWith(error);
  });

  describe('under limits', () => {
    it('never has more tasks than slots, by their weight', async () => {
      const prompts = [1, 2, 1, 3, 1, 1].map((slots, index) => ({ prompt: `${index}`, slots }));
      const { server, recording } = await play({ prompts, concurrent: 3, server: { slots: 3 } });
      expect(server.greatestRunning).toBe(3);
      expect(recording.values.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 1]);
    });

    it('keeps the rate over all of its requests, polls too', async () => {
      const rate = { limit: 3, intervalMs: 50 };
      const { server } = await play({ prompts: ['a', 'b', 'c'], rate, server: { latencyMs: 2 } });
      const atMs = server.sent.map((it) => it.atMs);
      expect(atMs.length).toBeGreaterThan(6);
      atMs.slice(3).forEach((it, index) => expect(it - (atMs[index] ?? NaN)).toBeGreaterThanOrEqual(50));
    });

    it('keeps a share of the rate free', async () => {
      const rate = { limit: 10, intervalMs: 1_000 };
      const prompts = ['a', 'b', 'c', 'd', 'e'];
      const { server } = await play({ prompts, concurrent: 5, rate, headroom: 0.6, pollIntervalMs: 5_000 });
      expect(server.sent.map(({ atMs }) => atMs).slice(0, 5)).toEqual([0, 0, 0, 0, 1_000]);
    });

    it('spends no more credits than a day has, and goes on the next day', async () => {
      const { server } = await play({ prompts: ['a', 'b', 'c'], dailyCredits: 2 });
      const noonToMidnightMs = 12 * 3_600_000;
      expect(server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 0, noonToMidnightMs]);
    });

    it.each<[string, Partial<GeneratingOptions>, number]>([
      ['free', { tier: 'free' }, 1],
      ['standard', {}, 3],
      ['pro', { tier: 'pro' }, 5],
      ['an Enterprise tier', { tier: tiers.enterprise({ concurrent: 12, requestsPerMinute: 600 }) }, 12],
      ['free but for a number given', { tier: 'free', concurrent: 4 }, 4],
    ])('has the slots of the tier: %s', async (_, options, slots) => {
      const prompts = Array.from({ length: 15 }, (_it, index) => ({ prompt: `${index}`, takesMs: 60_000 }));
      const { server } = await play({ prompts, pollIntervalMs: 5_000, dailyCredits: 'off', ...options });
      expect(server.greatestRunning).toBe(slots);
    });

    it('shares slots and requests with another stream on the same account', async () => {
      const clock = new VirtualClock();
      const slots = createLimiter({ limits: [concurrency({ limit: 2, name: 'tasks' })], clock });
      const requests = createLimiter({ limits: [slidingWindow({ limit: 4, intervalMs: 100 })], clock });
      const one = begin({ prompts: ['a', 'b', 'c'], clock, slots, requests });
      const other = begin({ prompts: ['d', 'e', 'f'], clock, slots, requests });
      await clock.settle();
      const tasks = [...one.server.tasks, ...other.server.tasks];
      for (const { createdAtMs } of tasks) {
        const running = tasks.filter((it) => it.createdAtMs <= createdAtMs && createdAtMs < it.endsAtMs);
        expect(running.length).toBeLessThanOrEqual(2);
      }
      const atMs = [...one.server.sent, ...other.server.sent].map((it) => it.atMs).sort((a, b) => a - b);
      atMs.slice(4).forEach((it, index) => expect(it - (atMs[index] ?? NaN)).toBeGreaterThanOrEqual(100));
      expect([slots.active, requests.active]).toEqual([0, 0]);
    });

    it('gives each key so many credits a day, and lets none wait for another', async () => {
      const prompts = ['a1', 'a2', 'a3', 'b1'].map((prompt) => ({ prompt, credits: 1 }));
      const { server } = await play({
        ...{ prompts, concurrent: 1, dailyCreditsPerKey: 2 },
        key: (prompt) => (typeof prompt === 'string' ? prompt : prompt.prompt?.charAt(0)),
      });
      const noonToMidnightMs = 12 * 3_600_000;
      const createdAtMs = new Map(server.tasks.map((task) => [task.order.prompt, task.createdAtMs]));
      expect(createdAtMs.get('b1')).toBeLessThan(noonToMidnightMs);
      expect(createdAtMs.get('a3')).toBe(noonToMidnightMs);
    });

    it('gives back what a failed task was to cost, and counts what one has really cost', async () => {
      const prompts = [{ prompt: 'a', fails: true }, 'b', 'c', 'd'];
      const { server } = await play({ prompts, concurrent: 1, dailyCredits: 2 });
      // The first cost nothing in the end: two more had room on that day.
      expect(server.tasks.map(({ createdAtMs }) => createdAtMs < 12 * 3_600_000)).toEqual([true, true, true, false]);
    });

    it('reserves credits in a limiter that it is given', async () => {
      const clock = new VirtualClock();
      const limits = [
        concurrency({ limit: 5, name: 'tasks' }),
        dailyQuota({ limit: 3, timeZone: 'UTC', name: 'credits' }),
      ];
      const slots = createLimiter({ limits, clock });
      const { server } = await play({
        prompts: [
          { prompt: 'a', credits: 2 },
          { prompt: 'b', credits: 2 },
        ],
        clock,
        slots,
      });
      expect(server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 12 * 3_600_000]);
    });
  });

  it('follows a scheduler that it is given', async () => {
    vi.useFakeTimers();
    const server = new FakeServer({ clock: clockOf(asyncScheduler) });
    const results = of('a').pipe(generate(server, { pollIntervalMs: 40, scheduler: asyncScheduler }));
    const startMs = Date.now();
    const { timeline } = record(results, () => Date.now() - startMs);
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(timeline).toMatchObject([[120, { prompt: 'a', status: 'succeeded' }]]);
  });

  it.each<[string, GenerateOptions<Prompt>]>([
    ['a time zone that there is not', { timeZone: 'Europe/Atlantis' }],
    ['a tier that there is not', { tier: 'gold' as 'pro' }],
    ['no slots', { concurrent: 0 }],
    ['a rate of nothing', { rate: { limit: 0, intervalMs: 1_000 } }],
    ['a rate in no time', { rate: { limit: 1, intervalMs: 0 } }],
    ['no credits', { dailyCredits: 0 }],
    ['no room but headroom', { headroom: 1 }],
    ['polls without a pause', { pollIntervalMs: 0 }],
    ['a name that is none of its options', { concurency: 3 } as GenerateOptions<Prompt>],
  ])('refuses %s', (_, options) => {
    expect(() => generate(new FakeServer({ clock: systemClock }), options)).toThrow(OptionsError);
  });
});
