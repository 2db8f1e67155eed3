import fc from 'fast-check';
import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { pollUntilDone } from '../../operators/pollUntilDone.js';
import { DeadlineError, TaskFailedError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { isPermanent, type Refusal } from '../../src/refusal.js';
import { arrivals, emissions } from './arrivals.js';
import { record } from './recording.js';
import { refusalOf, Refused } from './refused.js';
import { runs } from '../runs.js';
import { VirtualClock } from './virtualClock.js';

/** What a poll comes to: a status, or a refusal. */
type Answer = { readonly takesMs: number } & ({ readonly status: string } | { readonly refusal: Refusal });

const takesMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 800 }));
const status = fc.constantFrom('queued', 'running', 'queued', 'running', 'done', 'broken');
const refusal: fc.Arbitrary<Refusal> = fc.oneof(
  { arbitrary: fc.constantFrom<Refusal>({ meaning: 'transient' }, { meaning: 'too-fast', hintMs: 2_500 }), weight: 5 },
  { arbitrary: fc.constant<Refusal>({ meaning: 'account' }), weight: 1 },
);
const answer: fc.Arbitrary<Answer> = fc.oneof(
  { arbitrary: fc.record({ takesMs, status }), weight: 3 },
  { arbitrary: fc.record({ takesMs, refusal }), weight: 1 },
);
/** A task is known by what its polls will come to; when they are used up, it is done. */
type Task = readonly Answer[];
const task = fc.array(answer, { maxLength: 8, size: 'max' });
const timing = fc.record(
  {
    intervalMs: fc.integer({ min: 1, max: 3_000 }),
    firstDelayMs: fc.integer({ min: 0, max: 3_000 }),
    growth: fc.constantFrom(1, 1.5, 2),
    maxIntervalMs: fc.integer({ min: 1, max: 6_000 }),
    deadlineMs: fc.integer({ min: 1, max: 20_000 }),
  },
  { requiredKeys: ['intervalMs'] },
);

interface Poll {
  readonly startMs: number;
  readonly endMs: number;
  readonly answer: Answer;
}

/** A server for one task, that writes down its polls. */
class PolledTask {
  readonly polls: Poll[] = [];
  overlaps = 0;
  readonly #answers: Task;
  readonly #clock: VirtualClock;
  #inFlight = 0;

  constructor(answers: Task, clock: VirtualClock) {
    this.#answers = answers;
    this.#clock = clock;
  }

  poll(attempt: number): Observable<string> {
    return new Observable((subscriber) => {
      if (++this.#inFlight > 1) this.overlaps++;
      const reply = this.#answers[attempt] ?? { takesMs: 0, status: 'done' };
      const startMs = this.#clock.now();
      const index = this.polls.push({ startMs, endMs: Infinity, answer: reply }) - 1;
      const cancel = this.#clock.schedule(reply.takesMs, () => {
        this.polls[index] = { startMs, endMs: this.#clock.now(), answer: reply };
        if ('refusal' in reply) subscriber.error(new Refused(reply.refusal));
        else subscriber.next(reply.status);
      });
      return () => {
        this.#inFlight--;
        cancel();
      };
    });
  }
}

describe('pollUntilDone', () => {
  it('should always keep to its times, and end as the task does, or at the deadline', () => {
    fc.assert(
      fc.property(timing, task, fc.constantFrom('final', 'changes'), (options, answers, emit) => {
        const clock = new VirtualClock();
        const server = new PolledTask(answers, clock);
        const polled = emissions([{ atMs: 0 }], clock).pipe(
          pollUntilDone({
            ...options,
            emit,
            clock,
            classify: refusalOf,
            random: () => 0,
            poll: (_, { attempt }) => server.poll(attempt),
            isDone: (it) => it === 'done',
            isFailed: (it) => it === 'broken',
          }),
        );
        const recording = record(polled, () => clock.now());
        clock.drain();
        const { polls } = server;
        const { intervalMs, firstDelayMs = intervalMs, deadlineMs = 3_600_000, growth = 1, maxIntervalMs } = options;

        expect(server.overlaps).toBe(0);
        expect(clock.pending).toBe(0);
        for (const { startMs } of polls) expect(startMs).toBeLessThan(deadlineMs);
        if (polls.length > 0) expect(polls[0]?.startMs).toBe(firstDelayMs);

        let inARow = 0;
        polls.slice(1).forEach(({ startMs }, before) => {
          const last = polls[before];
          if (last === undefined) return;
          const ceilingMs = Math.max(intervalMs, maxIntervalMs ?? 60_000);
          const waitMs = Math.min(ceilingMs, intervalMs * growth ** before);
          const failed = 'refusal' in last.answer ? last.answer.refusal : undefined;
          const backoffMs = failed && Math.max(Math.min(60_000, 1_000 * 2 ** inARow), failed.hintMs ?? 0);
          inARow = failed === undefined ? 0 : inARow + 1;
          expect(startMs).toBe(last.endMs + Math.max(waitMs, backoffMs ?? 0));
        });

        const isLast = (it: Answer): boolean =>
          'refusal' in it ? isPermanent(it.refusal) : it.status === 'done' || it.status === 'broken';
        const answered = polls.filter(({ endMs }) => endMs < Infinity).map((it) => it.answer);
        const last = answered.at(-1);
        expect(answered.slice(0, -1).filter(isLast)).toEqual([]);
        const statuses = answered.flatMap((it) => ('status' in it && it.status !== 'broken' ? [it.status] : []));
        const changes = statuses.filter((it, index) => it !== statuses[index - 1]);
        const isDone = last !== undefined && 'status' in last && last.status === 'done';
        expect(recording.values).toEqual(emit === 'changes' ? changes : isDone ? ['done'] : []);
        if (last === undefined || !isLast(last)) {
          expect(recording.error).toBeInstanceOf(DeadlineError);
          expect(recording.endedAtMs).toBe(deadlineMs);
        } else if ('refusal' in last) expect(recording.error).toEqual(new Refused(last.refusal));
        else if (isDone) expect(recording.end).toBe('|');
        else expect(recording.error).toBeInstanceOf(TaskFailedError);
      }),
      runs(500),
    );
  });

  it('should never overlap the polls of a task, and never ask more at once than its limiter lets it', () => {
    fc.assert(
      fc.property(timing, arrivals(fc.record({ task }), 8), fc.integer({ min: 1, max: 3 }), (options, plan, limit) => {
        const clock = new VirtualClock();
        const limiter = createLimiter({ limits: [concurrency({ limit })], clock });
        let greatest = 0;
        const servers = new Map(plan.map((it) => [it, new PolledTask(it.task, clock)]));
        const polled = emissions(plan, clock).pipe(
          pollUntilDone({
            ...options,
            limiter,
            clock,
            classify: refusalOf,
            poll: (it, { attempt }) => {
              greatest = Math.max(greatest, limiter.active);
              return servers.get(it)?.poll(attempt) ?? [];
            },
            isDone: (it) => it === 'done' || it === 'broken',
          }),
        );
        const recording = record(polled);
        clock.drain();
        expect(greatest).toBeLessThanOrEqual(limit);
        expect(limiter.snapshot()).toMatchObject({ active: 0, waiting: 0 });
        expect(clock.pending).toBe(0);
        expect(recording.end).not.toBe('');
        for (const { overlaps } of servers.values()) expect(overlaps).toBe(0);
      }),
      runs(200),
    );
  });
});
