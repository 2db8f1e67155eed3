import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { GenerateResult } from '../../../operators/generating/generateEvents.js';
import { FakeServer, type Fault, type Sent } from '../fakeServer.js';
import type { Prompt } from '../generating.js';
import { Refused } from '../refused.js';
import { Observed, rough, roughPrompts, roughRun } from './observed.js';
import { withContext } from './traced.js';

describe('the spans of observeTasks', () => {
  it('are one for a task, from coming in to its end, with one for each request that creates it', async () => {
    const run = await roughRun();
    const task = run.taskSpan(1);
    const result = run.recording.values.find(({ index }) => index === 1);
    expect(task).toMatchObject({
      name: 'generate task',
      kind: SpanKind.INTERNAL,
      parent: undefined,
      status: { code: SpanStatusCode.UNSET },
      startAtMs: run.clock.epochNow() - run.clock.now(),
      endAtMs: result?.endedAtMs,
    });
    expect(task.attributes).toEqual({
      'sluice.stream.name': 'videos',
      'sluice.task.index': 1,
      'sluice.task.external_id': result?.id,
      'sluice.task.id': result?.taskId,
      'sluice.task.product': 'video',
      'sluice.task.status': 'succeeded',
      'sluice.task.attempts': 2,
      'sluice.task.credits': 1,
    });
    expect(task.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['retrying', { 'sluice.refusal.meaning': 'too-fast', 'sluice.retry.delay': 1 }],
      ['submitted', {}],
    ]);
    const [refused, sent] = run.tracing.childrenOf(task);
    expect(refused).toMatchObject({
      name: 'submit task',
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'sluice.request.kind': 'submit', 'error.type': 'too-fast', 'sluice.refusal.meaning': 'too-fast' },
    });
    expect(refused!.endAtMs - refused!.startAtMs).toBe(6);
    expect(sent).toMatchObject({ name: 'submit task', kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(sent!.startAtMs - refused!.endAtMs).toBe(1_000);
    expect(sent!.attributes).toEqual({ 'sluice.request.kind': 'submit' });
  });

  it('tell a task whose answer was lost from one that has failed', async () => {
    const run = await roughRun();
    const lost = run.taskSpan(3);
    expect(run.tracing.childrenOf(lost).map(({ name, status }) => [name, status.code])).toEqual([
      ['submit task', SpanStatusCode.ERROR],
      ['look up task', SpanStatusCode.UNSET],
    ]);
    expect(lost.status).toEqual({ code: SpanStatusCode.UNSET });
    const bad = run.taskSpan(6);
    expect(bad.status).toEqual({ code: SpanStatusCode.ERROR, message: 'SLUICE_TASK_FAILED' });
    expect(bad.attributes).toMatchObject({ 'error.type': 'failed', 'sluice.task.status': 'failed' });
    expect(run.taskSpan(4).attributes).toMatchObject({ 'error.type': 'invalid' });
    expect(run.taskSpan(5).events.map(({ name }) => name)).toEqual(['submitted', 'refused']);
  });

  it('say that a search had no answer', async () => {
    const faultOf = ({ kind, nth }: Sent): Fault =>
      kind === 'submit' ? 'ambiguous' : kind === 'look-up' && nth === 1 ? 'transient' : undefined;
    const run = await Observed.toItsEnd({ prompts: ['a'], server: { faultOf }, maxRetries: 0 });
    const searches = run.tracing.spans.filter(({ name }) => name === 'look up task');
    expect(searches.map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
      [SpanStatusCode.ERROR, 'transient'],
      [SpanStatusCode.UNSET, undefined],
    ]);
  });

  it('begin beneath what is active where their prompt comes in', async () => {
    withContext();
    const source = new Subject<Prompt>();
    const run = new Observed({ prompts: source, concurrent: 1 });
    const tracer = run.tracing.tracerProvider.getTracer('test');
    for (const name of ['one', 'other']) {
      tracer.startActiveSpan(name, (span) => {
        source.next(name);
        span.end();
      });
    }
    source.complete();
    await run.clock.settle();
    for (const [index, name] of ['one', 'other'].entries()) {
      const outer = run.tracing.spans.find((span) => span.name === name);
      expect(run.taskSpan(index)).toMatchObject({ parent: outer?.spanId, traceId: outer?.traceId });
    }
  });

  it('are active while their requests are sent, and no poll is sent within one', async () => {
    withContext();
    const seen: [string, string | undefined][] = [];
    const faultOf = ({ kind, nth }: Sent): Fault => {
      seen.push([kind, trace.getSpan(context.active())?.spanContext().spanId]);
      return kind === 'submit' && nth === 1 ? 'lost' : undefined;
    };
    const run = await Observed.toItsEnd({ prompts: [{ prompt: 'a', takesMs: 1_100 }], server: { faultOf } });
    const byName = (name: string): string | undefined => run.tracing.spans.find((span) => span.name === name)?.spanId;
    expect(seen.slice(0, 2)).toEqual([
      ['submit', byName('submit task')],
      ['look-up', byName('look up task')],
    ]);
    const polls = seen.slice(2);
    expect(polls.length).toBeGreaterThan(2);
    expect(polls.filter(([kind, spanId]) => kind !== 'poll' || spanId !== undefined)).toEqual([]);
  });

  it('leave polls to what was active at first, whoever is waited for', async () => {
    withContext();
    const polledWithin = new Set<string | undefined>();
    const faultOf = ({ kind }: Sent): Fault => {
      if (kind === 'poll') polledWithin.add(trace.getSpan(context.active())?.spanContext().spanId);
      return undefined;
    };
    const source = new Subject<Prompt>();
    const run = new Observed({ prompts: source, server: { faultOf } });
    await run.tracing.tracerProvider.getTracer('test').startActiveSpan('a request', () => {
      source.next('a');
      // All that follows, timers too, follows from this.
      return run.clock.settle();
    });
    expect([...polledWithin]).toEqual([undefined]);
  });

  it('stand in for those of requests of which no event tells', async () => {
    withContext();
    const { telemetry, tracing, clock } = new Observed({ prompts: [] });
    let within: string | undefined;
    const faultOf = (): Fault => {
      within = trace.getSpan(context.active())?.spanContext().spanId;
      return 'transient';
    };
    const server = new FakeServer({ clock, faultOf });
    telemetry.observer.next({ index: 0, id: 'ours', type: 'queued', atMs: 5 });
    await expect(telemetry.through(server).lookUp(server.parse('a'), 'ours')).rejects.toThrow(Refused);
    telemetry.stop();
    expect(tracing.spans.map(({ spanId }) => spanId)).toEqual([within]);
  });

  it('are active no more once they are stopped, and requests are sent as before', async () => {
    withContext();
    const within: unknown[] = [];
    const faultOf = ({ kind, prompt, nth }: Sent): Fault => {
      within.push(trace.getSpan(context.active()));
      return kind === 'submit' && prompt === 'b' && nth === 1 ? 'lost' : undefined;
    };
    const run = new Observed({ prompts: ['a', 'b'], concurrent: 1, server: { faultOf } });
    await run.clock.settle(50);
    within.length = 0;
    run.telemetry.stop();
    await run.clock.settle();
    expect([run.sent('submit'), run.sent('look-up')]).toEqual([2, 1]);
    expect(within.filter((span) => span !== undefined)).toEqual([]);
    expect(run.recording.values.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('say how long the server asks to wait, in seconds', async () => {
    const faultOf = ({ kind, nth }: Sent): Fault =>
      kind === 'submit' && nth === 1 ? { meaning: 'too-fast', hintMs: 1_500 } : undefined;
    const run = await Observed.toItsEnd({ prompts: ['a'], server: { faultOf } });
    const hint = { 'sluice.refusal.meaning': 'too-fast', 'sluice.refusal.hint': 1.5 };
    expect(run.tracing.childrenOf(run.taskSpan(0))[0]?.attributes).toMatchObject(hint);
    expect(run.taskSpan(0).events[0]).toMatchObject({ name: 'retrying', attributes: hint });
  });

  it('are one of a task that was taken over, also where the server turns out not to have it', () => {
    const { telemetry, tracing } = new Observed({ prompts: [] });
    telemetry.observer.next({ index: 0, id: 'there', type: 'adopted', taskId: 't-1', sinceAtMs: 3, atMs: 5 });
    telemetry.observer.next({ index: 1, id: 'absent', type: 'adopted', sinceAtMs: 3, atMs: 6 });
    telemetry.observer.next({ index: 1, id: 'absent', type: 'queued', atMs: 7 });
    telemetry.stop();
    const taken = { 'sluice.task.adopted': true, 'sluice.task.status': 'abandoned' };
    expect(tracing.spans.map(({ attributes }) => attributes)).toStrictEqual([
      { ...taken, 'sluice.task.external_id': 'there', 'sluice.task.index': 0, 'sluice.task.id': 't-1' },
      { ...taken, 'sluice.task.external_id': 'absent', 'sluice.task.index': 1 },
    ]);
  });

  it('are there without the requests being timed, too', async () => {
    const faultOf = (sent: Sent): Fault => (sent.kind === 'look-up' && sent.nth === 1 ? 'transient' : rough(sent));
    const run = await Observed.toItsEnd({ prompts: roughPrompts, server: { faultOf }, isWrapped: false });
    expect(run.sent('look-up')).toBe(2);
    expect(run.tracing.spans.filter(({ name }) => name === 'submit task')).toHaveLength(run.sent('submit'));
    expect(run.tracing.spans.filter(({ name }) => name === 'look up task')).toHaveLength(run.sent('look-up'));
    expect(await run.measured.points('sluice.client.request.duration')).toEqual([]);
  });

  it('end as abandoned where nobody tells how, and nothing is observed or counted after that', async () => {
    const run = new Observed({ prompts: ['a', 'b', 'c'], concurrent: 2, server: { latencyMs: 60 } });
    await run.clock.settle(50);
    await run.measured.metrics();
    run.telemetry.stop();
    run.telemetry[Symbol.dispose]();
    await run.clock.settle();
    const tasks = run.tracing.spans.filter(({ name }) => name === 'generate task');
    expect(tasks.map(({ attributes }) => attributes['sluice.task.status'])).toEqual(Array(3).fill('abandoned'));
    expect(tasks.map(({ endAtMs, startAtMs }) => endAtMs - startAtMs)).toEqual([50, 50, 50]);
    const underWay = run.tracing.spans.filter(({ name }) => name === 'submit task');
    expect(underWay.map(({ endAtMs, startAtMs }) => endAtMs - startAtMs)).toEqual([50, 50]);
    expect(await run.measured.points('sluice.task.completions')).toEqual([]);
    expect(await run.measured.total('sluice.task.count')).toBe(0);
    expect(run.recording.values).toHaveLength(3);
  });

  it('take the time as it is told, however close to the beginning of time, and begin nothing after an end', () => {
    const { telemetry, tracing } = new Observed({ prompts: [] });
    const task = { index: 0, id: 'ours' };
    telemetry.observer.next({ ...task, type: 'queued', atMs: 5 });
    telemetry.observer.next({ ...task, type: 'submitting', atMs: 7 });
    telemetry.observer.next({ ...task, type: 'ended', atMs: 9, result: { ...unfinished, ...task } });
    telemetry.observer.next({ ...task, type: 'submitting', atMs: 11 });
    telemetry.stop();
    expect(tracing.spans.map(({ name, startAtMs, endAtMs }) => [name, startAtMs, endAtMs])).toEqual([
      ['generate task', 5, 9],
      ['submit task', 7, 9],
    ]);
  });
});

const unfinished: Omit<GenerateResult<unknown>, 'index' | 'id'> = {
  prompt: 'a',
  isFinal: false,
  outputs: [],
  attempts: 1,
  credits: 1,
  endedAtMs: 9,
  status: 'failed',
  error: { meaning: 'overdue', code: 'SLUICE_DEADLINE', message: 'not done' },
};
