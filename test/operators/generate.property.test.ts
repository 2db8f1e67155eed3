import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GenerateResult } from '../../operators/generating/generateEvents.js';
import type { RefusalMeaning } from '../../src/refusal.js';
import type { Fault, Sent } from './fakeServer.js';
import { begin, type Generating, type Prompt } from './generating.js';
import { promises } from './virtualClock.js';
import { runs } from '../runs.js';

/** Faults for the requests of each kind, in the order in which they leave; when they are used up, all goes well. */
interface Faults {
  readonly submit: readonly Fault[];
  readonly 'look-up': readonly Fault[];
  readonly poll: readonly Fault[];
}

const fine = { arbitrary: fc.constant(undefined), weight: 4 };
const mayHelp: Fault[] = ['transient', 'lost', 'ambiguous', { meaning: 'too-fast', hintMs: 700 }, 'too-fast'];
const faultsOf = (...more: Fault[]): fc.Arbitrary<readonly Fault[]> =>
  fc.array(fc.oneof(fine, { arbitrary: fc.constantFrom(...mayHelp, ...more), weight: 3 }), {
    maxLength: 25,
    size: 'max',
  });
const faults: fc.Arbitrary<Faults> = fc.record({
  submit: faultsOf('lost', 'lost', 'no-slot', 'no-slot', 'auth-stale', 'policy', 'exhausted', 'account'),
  'look-up': faultsOf(),
  poll: faultsOf('no-slot'),
});

const prompts = fc.array(
  fc.record({
    takesMs: fc.integer({ min: 0, max: 400 }),
    slots: fc.integer({ min: 1, max: 2 }),
    product: fc.constantFrom('video', 'image'),
    fails: fc.boolean(),
  }),
  { maxLength: 12, size: 'max' },
);
const settings = fc.record({
  concurrent: fc.integer({ min: 1, max: 4 }),
  rate: fc.oneof(
    fc.constant('off' as const),
    fc.record({ limit: fc.integer({ min: 1, max: 6 }), intervalMs: fc.integer({ min: 1, max: 300 }) }),
  ),
  maxRetries: fc.integer({ min: 0, max: 3 }),
  pollIntervalMs: fc.integer({ min: 5, max: 100 }),
  deadlineMs: fc.oneof(fc.constant(3_600_000), fc.integer({ min: 1, max: 5_000 })),
});
const world = fc.record({ latencyMs: fc.integer({ min: 0, max: 20 }), slots: fc.integer({ min: 2, max: 4 }) });

function scripted(planned: Faults): (sent: Sent) => Fault {
  const left = { submit: [...planned.submit], 'look-up': [...planned['look-up']], poll: [...planned.poll] };
  return ({ kind }) => left[kind].shift();
}

/** Past the deadline a look-up that fails is the last: what may exist is said to be so. */
function isLost({ error }: GenerateResult<Prompt>): boolean {
  return error?.code === 'SLUICE_LOOK_UP_FAILED';
}

/** Each task made is in the one result of its prompt. */
function expectAccountedFor({ recording, server }: Generating): void {
  const results = new Map(recording.values.map((result) => [result.id, result]));
  for (const { externalId, taskId } of server.tasks) {
    const result = results.get(externalId);
    if (result === undefined || !isLost(result)) expect(result?.taskId).toBe(taskId);
  }
}

/** What was told last of each prompt. */
function lastOfEach(results: readonly GenerateResult<Prompt>[]): readonly GenerateResult<Prompt>[] {
  return [...new Map(results.map((result) => [result.index, result])).values()];
}

describe('generate', () => {
  it('should never pay twice, lose a prompt or a task, or exceed a limit, whatever goes wrong', async () => {
    await fc.assert(
      fc.asyncProperty(prompts, settings, world, faults, async (plan, options, server, planned) => {
        const orders = plan.map((order, index) => ({ ...order, prompt: `${index}` }));
        const generating = begin({ prompts: orders, ...options, server: { ...server, faultOf: scripted(planned) } });
        await generating.clock.settle();
        const { server: books, recording, events } = generating;

        expect(recording.end).toBe('|');
        const results = lastOfEach(recording.values);
        expect(results.map(({ index }) => index).sort((a, b) => a - b)).toEqual(plan.map((_, index) => index));
        // Only what was not final is followed by another.
        const final = recording.values.filter(({ isFinal }) => isFinal);
        expect(new Set(final.map(({ index }) => index)).size).toBe(final.length);
        for (const { index } of final) expect(results.find((it) => it.index === index)?.isFinal).toBe(true);

        // Nothing was ever sent that existed already.
        expect(books.duplicates).toBe(0);
        expectAccountedFor(generating);
        for (const { status, taskId } of recording.values) {
          const task = books.tasks.find((it) => it.taskId === taskId);
          if (status === 'succeeded') expect(task?.order.fails).toBe(false);
        }
        const attempts = results.map(({ attempts: made }) => made).reduce((sum, made) => sum + made, 0);
        expect(attempts).toBe(books.sent.filter(({ kind }) => kind === 'submit').length);

        // A slot of a task that was given up unseen is free again, whether or not there is such a task.
        if (!results.some(isLost)) expect(books.greatestRunning).toBeLessThanOrEqual(options.concurrent);
        const { rate } = options;
        if (rate !== 'off') {
          const sentAtMs = books.sent.map(({ atMs }) => atMs);
          sentAtMs.slice(rate.limit).forEach((atMs, index) => {
            expect(atMs - (sentAtMs[index] ?? NaN)).toBeGreaterThanOrEqual(rate.intervalMs);
          });
        }

        for (const { index } of recording.values) {
          const types = events.filter((event) => event.index === index).map(({ type }) => type);
          expect(types[0]).toBe('queued');
          expect(types.slice(types.indexOf('ended')).every((type) => type === 'ended')).toBe(true);
        }
        expect(generating.clock.pending).toBe(0);
      }),
      runs(250),
    );
  });

  it('should always stop asking as it is unsubscribed from, and give everything back', async () => {
    const disposal = fc.integer({ min: 0, max: 4_000 });
    await fc.assert(
      fc.asyncProperty(prompts, settings, world, faults, disposal, async (plan, options, server, planned, atMs) => {
        const orders = plan.map((order, index) => ({ ...order, prompt: `${index}` }));
        const generating = begin({ prompts: orders, ...options, server: { ...server, faultOf: scripted(planned) } });
        await generating.clock.settle(atMs);
        const said = generating.recording.values.length;
        generating.recording.subscription.unsubscribe();
        const sent = generating.server.sent.length;
        await promises();
        expect(generating.clock.pending).toBe(0);
        await generating.clock.settle();
        expect(generating.server.sent).toHaveLength(sent);
        expect(generating.recording.values).toHaveLength(said);
      }),
      runs(100),
    );
  });

  it('should always end in order on stop: nothing new is sent, and what the server has is collected', async () => {
    const stops = fc.integer({ min: 0, max: 4_000 });
    await fc.assert(
      fc.asyncProperty(prompts, settings, world, faults, stops, async (plan, options, server, planned, atMs) => {
        const orders = plan.map((order, index) => ({ ...order, prompt: `${index}` }));
        const stopping = new AbortController();
        const generating = begin({
          prompts: orders,
          stop: stopping.signal,
          ...options,
          server: { ...server, faultOf: scripted(planned) },
        });
        generating.clock.schedule(atMs, () => stopping.abort());
        await generating.clock.settle();
        const { server: books, recording } = generating;
        expect(recording.end).toBe('|');
        for (const { kind, atMs: sentAtMs } of books.sent)
          if (kind === 'submit') expect(sentAtMs).toBeLessThanOrEqual(atMs);
        expect(books.duplicates).toBe(0);
        const results = new Map(recording.values.map((result) => [result.id, result]));
        for (const { externalId, taskId } of books.tasks) {
          const result = results.get(externalId);
          // Past the deadline a look-up that fails is the last: what may exist is said to be so.
          if (result?.error?.code !== 'SLUICE_LOOK_UP_FAILED') expect(result?.taskId).toBe(taskId);
        }
      }),
      runs(100),
    );
  });

  it('should always end a prompt for good where that refusal is permanent, whichever it is', async () => {
    const permanent = fc.constantFrom<RefusalMeaning>('policy', 'invalid', 'exhausted', 'account');
    await fc.assert(
      fc.asyncProperty(prompts, settings, permanent, async (plan, options, meaning) => {
        const orders = plan.map((order, index) => ({ ...order, slots: 1, prompt: `${index}` }));
        const generating = begin({
          prompts: orders,
          ...options,
          server: { faultOf: ({ kind }) => (kind === 'submit' ? meaning : undefined) },
        });
        await generating.clock.settle();
        const { server: books, recording } = generating;
        expect(recording.values.map(({ error }) => error?.meaning)).toEqual(orders.map(() => meaning));
        const products = new Set(orders.map(({ product }) => product)).size;
        const submits = books.sent.length;
        if (meaning === 'policy' || meaning === 'invalid') expect(submits).toBe(orders.length);
        // What was under way when the door closed may still have been sent.
        else expect(submits).toBeLessThanOrEqual(options.concurrent * products);
      }),
      runs(100),
    );
  });
});
