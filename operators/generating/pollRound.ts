import type { Subscriber } from 'rxjs';
import { backoffDelay } from '../../src/backoff/backoff.js';
import type { Clock } from '../../src/clock.js';
import { QueueFullError, TaskLostError } from '../../src/errors.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Outcome } from '../../src/limits/limit.js';
import { durationOf } from '../../src/tasks/durationOf.js';
import { PollPlan } from '../../src/tasks/pollPlan.js';
import type { PollAnswer, RemoteTask, TaskApi, TaskRef, TaskUpdate } from '../../src/tasks/taskApi.js';
import { WakeUp } from '../../src/wakeUp.js';
import { isTask, StrangeAnswer } from './answers.js';
import { Flight, PollTurn } from './flight.js';
import { meaningOf } from './meaningOf.js';

/** What a poll brought about one task. */
export type Polled = { readonly remote: RemoteTask } | { readonly error: unknown };

/** A task whose end is waited for. */
export interface Followed {
  readonly ref: TaskRef;
  readonly externalId: string;
  /** Since when the server has it, on the monotonic clock. */
  readonly sinceMs: number;
}

export interface PollerOptions {
  readonly api: Pick<TaskApi<never>, 'poll' | 'pollBatch' | 'classify'>;
  readonly requests: Limiter;
  readonly clock: Clock;
  readonly pollIntervalMs: number;
  readonly random: () => number;
}

interface Follower extends Followed {
  readonly subscriber: Subscriber<Polled>;
  /** How many polls in a row have told nothing of use about it. */
  failures: number;
}

/** The polls of one product. */
export class PollRound {
  readonly #options: PollerOptions;
  readonly #plan: PollPlan;
  readonly #followers = new Map<string, Follower>();
  /** The poll that a task is asked for in. */
  readonly #flightOf = new Map<string, Flight>();
  /** Whom no answer about many shows: asked for one by one. */
  readonly #alone = new Set<string>();
  /** Whom the last poll told nothing of use about: not asked for again before its backoff has passed. */
  readonly #suspended = new Map<Follower, number>();
  /** The place in the limiter's queue of the next poll. */
  #turn: PollTurn | undefined;
  readonly #wakeUp: WakeUp;
  #notBeforeMs = -Infinity;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#wakeUp = new WakeUp(options.clock, () => this.#lookAhead());
    this.#plan = new PollPlan({ intervalMs: options.pollIntervalMs, batch: options.api.pollBatch });
  }

  follow(task: Followed, subscriber: Subscriber<Polled>): () => void {
    const { id } = task.ref;
    const follower = { ...task, subscriber, failures: 0 };
    this.#followers.set(id, follower);
    this.#plan.started(id, task.sinceMs);
    this.#lookAhead();
    return () => {
      if (this.#followers.get(id) !== follower) return;
      this.#followers.delete(id);
      this.#alone.delete(id);
      this.#suspended.delete(follower);
      this.#plan.forgotten(id);
      this.#flightOf.get(id)?.leave(id);
      this.#lookAhead();
    };
  }

  told({ task, isVerified }: TaskUpdate): void {
    for (const follower of this.#followers.values()) {
      const { ref, externalId, subscriber } = follower;
      if (task.ref.id !== ref.id && task.externalId !== externalId) continue;
      const remote = { ...task, ref };
      if (!isVerified || !isTask(remote)) this.#plan.hint(ref.id, this.#options.clock.now());
      // That it goes on is news, and no answer to a poll that may be on its way.
      else if (task.status === 'running') subscriber.next({ remote });
      else this.#pass(follower, remote);
      this.#lookAhead();
      return;
    }
  }

  /** Sees to it that a poll leaves when the next one is due. */
  #lookAhead(): void {
    const nowMs = this.#options.clock.now();
    const atMs = Math.max(this.#dueAtMs(nowMs), this.#notBeforeMs);
    const turn = this.#turn;
    if (turn !== undefined) {
      // It waits for its permit, and takes along whatever is due then; unless nothing is any more.
      if (atMs < Infinity) return;
      this.#turn = undefined;
      this.#options.requests.leave(turn);
      return;
    }
    if (atMs <= nowMs) {
      this.#wakeUp.at(Infinity);
      this.#ask();
    } else this.#wakeUp.at(atMs);
  }

  /** When there is something to ask; Infinity: never, as things are. */
  #dueAtMs(nowMs: number): number {
    if (this.#alone.size > 0) return nowMs;
    let resumesAtMs = Infinity;
    for (const [follower, atMs] of this.#suspended) {
      if (atMs <= nowMs) this.#resume(follower, nowMs);
      else resumesAtMs = Math.min(resumesAtMs, atMs);
    }
    return Math.min(this.#plan.nextAtMs(nowMs), resumesAtMs);
  }

  #resume(follower: Follower, nowMs: number): void {
    const { ref, sinceMs } = follower;
    this.#suspended.delete(follower);
    this.#plan.started(ref.id, sinceMs);
    this.#plan.hint(ref.id, nowMs);
  }

  #ask(): void {
    const turn = new PollTurn({ admitted: (atMs) => this.#depart(turn, atMs), dropped: () => this.#postpone() });
    this.#turn = turn;
    try {
      this.#options.requests.enter(turn);
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      this.#postpone();
    }
  }

  /** The queue of a limiter that others use, too, may be full. */
  #postpone(): void {
    const { clock, pollIntervalMs } = this.#options;
    this.#turn = undefined;
    this.#notBeforeMs = clock.now() + pollIntervalMs;
    this.#lookAhead();
  }

  #depart(turn: PollTurn, atMs: number): void {
    const { requests, clock } = this.#options;
    this.#turn = undefined;
    const refs = this.#taken(clock.now()).flatMap((id) => this.#followers.get(id)?.ref ?? []);
    if (refs.length === 0) {
      requests.refund(turn.cost, atMs);
      this.#lookAhead();
      return;
    }
    const flight = new Flight(refs);
    for (const { id } of refs) this.#flightOf.set(id, flight);
    const landed = (outcome: Outcome, tell: () => void): void => {
      for (const { id } of refs) if (this.#flightOf.get(id) === flight) this.#flightOf.delete(id);
      requests.release(turn.cost, atMs, outcome);
      tell();
      this.#lookAhead();
      requests.admitWaiting();
    };
    this.#send(refs, flight.signal).then(
      (answers) => landed('succeeded', () => this.#answered(refs, answers)),
      (error: unknown) => landed(requests.outcomeOf(error), () => this.#refused(refs, error)),
    );
    this.#lookAhead();
  }

  async #send(refs: readonly TaskRef[], signal: AbortSignal): Promise<readonly PollAnswer[]> {
    const answers: unknown = await this.#options.api.poll(refs, { signal });
    if (!Array.isArray(answers))
      throw new StrangeAnswer('poll must answer with an array: one entry for each task asked for');
    return answers as readonly PollAnswer[];
  }

  #taken(nowMs: number): readonly string[] {
    const [alone] = this.#alone;
    if (alone === undefined) return this.#plan.take(nowMs);
    this.#alone.delete(alone);
    return [alone];
  }

  #answered(refs: readonly TaskRef[], answers: readonly PollAnswer[]): void {
    refs.forEach(({ id }, index) => {
      const answer = answers[index];
      const follower = this.#followers.get(id);
      if (follower === undefined) return;
      if (answer === 'unseen' && refs.length > 1) this.#alone.add(id);
      else if (answer instanceof Error || !isTask(answer)) this.#failed([follower], errorIn(answer, id));
      else this.#pass(follower, answer);
    });
  }

  /** Where it is the asking for many that is wrong, each can still be asked for alone. */
  #refused(refs: readonly TaskRef[], error: unknown): void {
    const followers = refs.flatMap(({ id }) => this.#followers.get(id) ?? []);
    if (followers.length === 0) return;
    const isAboutMany = followers.length > 1 && meaningOf(this.#options.api, error).meaning === 'invalid';
    if (isAboutMany) for (const { ref } of followers) this.#alone.add(ref.id);
    else this.#failed(followers, error);
  }

  /** One wait for all whom a poll was about, so that the next can be about all of them, too. */
  #failed(failed: readonly Follower[], error: unknown): void {
    const { api, clock, random, pollIntervalMs } = this.#options;
    const attempt = Math.min(...failed.map(({ failures }) => failures));
    const delayMs = backoffDelay({ ...meaningOf(api, error), attempt, random });
    const resumesAtMs = clock.now() + Math.max(pollIntervalMs, delayMs);
    for (const follower of failed) {
      follower.failures++;
      this.#plan.forgotten(follower.ref.id);
      this.#suspended.set(follower, resumesAtMs);
    }
    // Only then is anybody told: who is may leave, and have others leave, too.
    for (const { subscriber } of failed) subscriber.next({ error });
  }

  #pass(follower: Follower, remote: RemoteTask): void {
    const { id } = follower.ref;
    const nowMs = this.#options.clock.now();
    if (this.#suspended.has(follower)) this.#resume(follower, nowMs);
    follower.failures = 0;
    if (remote.status === 'running') this.#plan.answered(id, nowMs, 'running');
    else this.#plan.ended(id, nowMs, durationOf(remote));
    follower.subscriber.next({ remote });
  }
}

/** Why an answer about a task that was asked for does not say how it is. */
function errorIn(answer: PollAnswer | undefined, id: string): Error {
  if (answer instanceof Error) return answer;
  if (answer === undefined || answer === 'absent') return new TaskLostError(id);
  if (answer === 'unseen') return new Error(`the answer about task ${id} alone does not show it`);
  const must = 'must be a task: { ref, status: running, succeeded or failed, outputs }';
  return new StrangeAnswer(`the answer about task ${id} ${must}`);
}
