import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { observeTasks } from '../../../operators/otel/observeTasks.js';
import { OptionsError } from '../../../src/errors.js';
import { Measured } from '../../otel/measured.js';
import { FakeServer } from '../fakeServer.js';
import { Machine } from '../machine.js';
import { VirtualClock } from '../virtualClock.js';
import { Observed, roughPrompts, roughRun } from './observed.js';

describe('the metrics of observeTasks', () => {
  it("agree with the server's own books", async () => {
    const run = await roughRun();
    const { measured, server, recording } = run;
    expect(await measured.total('sluice.task.attempts')).toBe(run.sent('submit'));
    expect(await measured.total('sluice.task.submissions')).toBe(server.tasks.length);
    expect(await measured.total('sluice.task.completions')).toBe(roughPrompts.length);
    for (const [kind, sentAs] of [
      ['submit', 'submit'],
      ['look_up', 'look-up'],
      ['poll', 'poll'],
    ] as const) {
      const counted = await measured.total('sluice.client.request.duration', { 'sluice.request.kind': kind });
      expect([kind, counted]).toEqual([kind, run.sent(sentAs)]);
      expect(counted).toBeGreaterThan(0);
    }
    expect(await measured.total('sluice.task.queue.duration')).toBe(roughPrompts.length);
    expect(await measured.total('sluice.task.duration')).toBe(server.tasks.length);
    const credits = recording.values.reduce((sum, result) => sum + result.credits, 0);
    expect(await measured.total('sluice.task.credits')).toBe(credits);
    expect(credits).toBe(5);
  });

  it('tell ends by status and error, refusals and retries by meaning', async () => {
    const { measured } = await roughRun();
    const stream = { 'sluice.stream.name': 'videos' };
    const ended = { ...stream, 'sluice.task.status': 'failed' };
    expect(await measured.points('sluice.task.completions')).toEqual([
      { attributes: { ...stream, 'sluice.task.status': 'succeeded' }, value: 5 },
      { attributes: { ...ended, 'error.type': 'invalid' }, value: 1 },
      { attributes: { ...ended, 'error.type': 'failed' }, value: 1 },
    ]);
    const meanings = async (name: string): Promise<unknown> =>
      Object.fromEntries(
        (await measured.points(name)).map(({ attributes, value }) => [
          String(attributes['sluice.refusal.meaning']),
          value,
        ]),
      );
    expect(await meanings('sluice.task.refusals')).toEqual({
      ...{ 'too-fast': 2, 'no-slot': 1, ambiguous: 1, invalid: 1 },
    });
    expect(await meanings('sluice.task.retries')).toEqual({ 'too-fast': 1, 'no-slot': 1, ambiguous: 1 });
  });

  it('tell of requests that go wrong what that means', async () => {
    const { measured } = await roughRun();
    const points = await measured.points('sluice.client.request.duration');
    const counted = points.map(({ attributes, value }) => {
      const { 'sluice.request.kind': kind, ...rest } = attributes;
      return [kind, rest, typeof value === 'number' ? value : value.count];
    });
    const stream = { 'sluice.stream.name': 'videos' };
    expect(counted.filter(([kind]) => kind !== 'poll')).toStrictEqual([
      ['submit', stream, 5],
      ['submit', { ...stream, 'error.type': 'too-fast' }, 1],
      ['submit', { ...stream, 'error.type': 'no-slot' }, 1],
      ['submit', { ...stream, 'error.type': 'ambiguous' }, 1],
      ['submit', { ...stream, 'error.type': 'invalid' }, 1],
      ['look_up', stream, 1],
    ]);
  });

  it('have buckets for requests from 5 ms to a minute, and for tasks from a second to four hours', async () => {
    const boundaries = new Map<string, readonly number[]>();
    for (const metric of await (await roughRun()).measured.metrics()) {
      if (metric.dataPointType !== DataPointType.HISTOGRAM) continue;
      boundaries.set(metric.descriptor.name, metric.dataPoints[0]!.value.buckets.boundaries);
    }
    expect(boundaries.get('sluice.client.request.duration')).toEqual(expect.arrayContaining([0.005, 0.01, 1, 60]));
    for (const name of ['sluice.task.queue.duration', 'sluice.task.duration']) {
      expect(boundaries.get(name)).toEqual(expect.arrayContaining([1, 60, 90, 14_400]));
    }
  });

  it('time what waits, what runs and what is asked, in seconds', async () => {
    const run = await Observed.toItsEnd({
      prompts: [
        { prompt: 'a', takesMs: 60_000 },
        { prompt: 'b', takesMs: 30_000 },
      ],
      ...{ server: { latencyMs: 250 }, concurrent: 1, pollIntervalMs: 1_000 },
    });
    const [a, b] = run.recording.values.map(
      ({ submittedAtMs = NaN, endedAtMs }) => (endedAtMs - submittedAtMs) / 1_000,
    );
    expect(await run.measured.points('sluice.task.duration')).toEqual([
      { attributes: { 'sluice.task.status': 'succeeded' }, value: { count: 2, sum: a! + b! } },
    ]);
    const secondSentAtMs = run.server.sent.find(({ prompt }) => prompt === 'b')?.atMs ?? NaN;
    expect(await run.measured.points('sluice.task.queue.duration')).toStrictEqual([
      { attributes: {}, value: { count: 2, sum: secondSentAtMs / 1_000 } },
    ]);
    expect(await run.measured.points('sluice.client.request.duration')).toMatchObject([
      { attributes: { 'sluice.request.kind': 'submit' }, value: { count: 2, sum: 1 } },
      { attributes: { 'sluice.request.kind': 'poll' }, value: { count: run.sent('poll'), sum: run.sent('poll') / 2 } },
    ]);
  });

  it('say how many wait and how many have been sent', async () => {
    const run = new Observed({ prompts: ['a', 'b', 'c'], concurrent: 2 });
    await run.clock.settle(50);
    const states = async (): Promise<readonly unknown[]> =>
      (await run.measured.points('sluice.task.count')).map(({ attributes, value }) => [
        attributes['sluice.task.state'],
        value,
      ]);
    expect(await states()).toEqual([
      ['waiting', 1],
      ['active', 2],
    ]);
    await run.clock.settle();
    expect(await states()).toEqual([
      ['waiting', 0],
      ['active', 0],
    ]);
  });

  it('say so also where another stream of that name is stopped', async () => {
    const one = new Observed({ prompts: ['a', 'b'] });
    const other = new Observed({ prompts: [], meterProvider: one.measured.meterProvider });
    await one.clock.settle(50);
    other.telemetry.stop();
    expect(await one.measured.total('sluice.task.count', { 'sluice.task.state': 'active' })).toBe(2);
  });

  it('have few attributes, whatever is asked for', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ prompt: `secret ${index}`, fails: index % 7 === 0 }));
    const run = await Observed.toItsEnd({
      ...{ prompts: many, key: (prompt) => `user ${JSON.stringify(prompt)}`, concurrent: 20 },
      promptId: (_, index) => `id-${index}`,
    });
    const points = (await run.measured.metrics()).flatMap(({ dataPoints }) => dataPoints.map((it) => it.attributes));
    expect(points.length).toBeLessThan(20);
    expect(JSON.stringify(points)).not.toMatch(/secret|user|id-|t-\d/);
    expect(JSON.stringify(run.tracing.spans)).not.toMatch(/secret|user/);
    expect(run.tracing.spans.filter(({ name }) => name === 'generate task')).toHaveLength(200);
  });
});

describe('observeTasks, over a journal', () => {
  it('takes over what an earlier run has sent, and counts nothing of it twice', async () => {
    const machine = new Machine({ slots: 1 });
    await machine.killed(150, { prompts: [{ prompt: 'a', takesMs: 100 }, 'b'], concurrent: 1 });
    const run = await Observed.toItsEnd({
      ...{ prompts: ['c', { prompt: 'a', takesMs: 100 }, 'b'], concurrent: 1 },
      ...{ clock: machine.clock, api: machine.server, journal: machine.journal() },
    });
    expect(run.recording.values.filter(({ isEarlier }) => isEarlier === true)).toHaveLength(1);
    expect(await run.measured.total('sluice.task.adoptions')).toBe(1);
    expect(await run.measured.total('sluice.task.completions')).toBe(2);
    expect(await run.measured.total('sluice.task.credits')).toBe(2);
    expect(await run.measured.total('sluice.task.attempts')).toBe(1);
    const adopted = run.tracing.spans.find(({ attributes }) => attributes['sluice.task.adopted'] === true);
    expect(adopted).toMatchObject({ name: 'generate task', attributes: { 'sluice.task.status': 'succeeded' } });
    const sentBefore = adopted!.events.find(({ name }) => name === 'sent by an earlier run');
    expect(sentBefore!.atMs).toBeLessThan(adopted!.startAtMs);
    expect(run.tracing.spans.filter(({ name }) => name === 'generate task')).toHaveLength(2);
  });

  it('counts as unfinished what is not over, and then how it has ended after all', async () => {
    const run = await Observed.toItsEnd({
      prompts: [{ prompt: 'long', takesMs: 500 }, 'next'],
      ...{ concurrent: 1, deadlineMs: 200, pollIntervalMs: 50 },
    });
    const statuses = (await run.measured.points('sluice.task.completions')).map(({ attributes, value }) => [
      attributes['sluice.task.status'],
      attributes['error.type'],
      value,
    ]);
    expect(statuses).toEqual([
      ['unfinished', 'overdue', 1],
      ['succeeded', undefined, 2],
    ]);
    expect(await run.measured.total('sluice.task.credits')).toBe(2);
    expect(run.tracing.spans.filter(({ name }) => name === 'generate task')).toHaveLength(2);
  });
});

describe('observeTasks, among several workers', () => {
  it('ends what has waited here and was made elsewhere, and counts nothing of it', async () => {
    const { telemetry, measured, tracing } = new Observed({ prompts: [] });
    const task = { index: 0, id: 'theirs' };
    const made = { taskId: 't-1', prompt: 'a', outputs: [], attempts: 1, credits: 5, submittedAtMs: 6, endedAtMs: 9 };
    telemetry.observer.next({ ...task, type: 'queued', atMs: 5 });
    telemetry.observer.next({
      ...{ ...task, type: 'ended', atMs: 9 },
      result: { ...task, ...made, status: 'succeeded', isFinal: true, isEarlier: true },
    });
    expect(await measured.total('sluice.task.count')).toBe(0);
    expect(await measured.total('sluice.task.completions')).toBe(0);
    expect(await measured.total('sluice.task.credits')).toBe(0);
    const attributes = { 'sluice.task.status': 'succeeded', 'sluice.task.id': 't-1' };
    expect(tracing.spans).toMatchObject([{ startAtMs: 5, endAtMs: 9, attributes }]);
  });
});

describe('the options of observeTasks', () => {
  it('are checked', () => {
    expect(() => observeTasks({ nam: 'x' } as never)).toThrow(OptionsError);
    expect(() => observeTasks({ name: '' })).toThrow(/^observeTasks: name: /);
    expect(() => observeTasks({ tracerProvider: {} as never })).toThrow(/getTracer/);
  });

  it('leave an API as it is, but for its requests', () => {
    const server = new FakeServer({ clock: new VirtualClock(), pollBatch: 7 });
    const api = observeTasks().through(server);
    const order = api.parse({ prompt: 'a', slots: 3, credits: 5, product: 'image' });
    expect([api.pollBatch, api.weigh(order), api.estimateCredits(order), api.productOf(order)]).toEqual([
      ...[7, 3, 5, 'image'],
    ]);
    expect(api.classify(new Error('x'))).toEqual(server.classify(new Error('x')));
    expect('concurrency' in api).toBe(false);
  });

  it('leave an answer as it is where it cannot be measured, which is told apart', async () => {
    const uncaught = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const raised = new Promise((resolve) => process.once('uncaughtException', resolve));
    onTestFinished(() => uncaught.forEach((listener) => process.on('uncaughtException', listener)));
    const meter = new Measured().meterProvider.getMeter('sluice');
    meter.createHistogram = () => ({
      record() {
        throw new Error('clumsy');
      },
    });
    const server = new FakeServer({ clock: new VirtualClock() });
    const api = observeTasks({ meterProvider: { getMeter: () => meter } }).through(server);
    expect(await api.poll([], {})).toEqual([]);
    await expect(raised).resolves.toMatchObject({ message: 'clumsy' });
  });

  it('leave it the question how many slots there are, where it can be asked, and time that', async () => {
    const clock = new VirtualClock();
    const measured = new Measured();
    const server = Object.assign(new FakeServer({ clock }), {
      account: { slots: 7 },
      concurrency(): Promise<number> {
        clock.advance(250);
        return Promise.resolve(this.account.slots);
      },
    });
    const api = observeTasks({ meterProvider: measured.meterProvider, clock }).through(server);
    expect(await api.concurrency?.()).toBe(7);
    expect(await measured.points('sluice.client.request.duration')).toEqual([
      { attributes: { 'sluice.request.kind': 'concurrency' }, value: { count: 1, sum: 0.25 } },
    ]);
  });
});
