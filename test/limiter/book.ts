import { expect } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { VirtualClock } from '../virtualClock.js';
import { Gate } from './gate.js';

/** A limit in words: so many slots, or so many within an interval. */
export type Rule =
  | { readonly name: string; readonly slots: number }
  | {
      readonly name: string;
      readonly limit: number;
      readonly intervalMs: number;
      readonly countUntil: 'end' | 'start';
    };

export interface Setting {
  readonly rules: readonly Rule[];
  readonly timerMs: (delayMs: number) => number;
}

/** An instant on the limiter's clock, and in true time, which may run ahead of it where the raw clock was set back. */
interface Instant {
  readonly seenMs: number;
  readonly trueMs: number;
}

/** A piece of work of a model run; what it costs is named rule by rule. */
export class Job extends Waiter {
  readonly number: number;
  readonly costs: Readonly<Record<string, number>>;
  start: Instant | undefined = undefined;
  end: Instant | undefined = undefined;
  readonly #book: Book;

  constructor(number: number, costs: Readonly<Record<string, number>>, book: Book) {
    super(costs);
    this.number = number;
    this.costs = costs;
    this.#book = book;
  }

  admitted(atMs: number): void {
    this.#book.started(this, atMs);
  }

  dropped(): void {
    this.#book.dropped(this);
  }
}

const rampStepMs = 50;

/**
 * The book beside a limiter: who waits and who works, kept by hand, and the laws, each worked out from scratch at every
 * start and after every step.
 */
export class Book {
  readonly clock: VirtualClock;
  readonly limiter: Limiter;
  readonly gate = new Gate(rampStepMs);
  queue: Job[] = [];
  running: Job[] = [];
  /** As they stand now. */
  readonly rules: Rule[];
  #past: Job[] = [];
  #arrived = 0;
  #gone = 0;

  constructor({ rules, timerMs }: Setting) {
    this.clock = new VirtualClock({ timerMs });
    this.rules = [...rules];
    this.limiter = createLimiter({ limits: rules.map(limitOf), clock: this.clock, coolDown: { rampStepMs } });
  }

  arrive(weight: number): void {
    const costs = Object.fromEntries(this.rules.map((rule) => [rule.name, weight % (capacityOf(rule) + 1)]));
    const job = new Job(this.#arrived++, costs, this);
    this.queue.push(job);
    this.limiter.enter(job);
  }

  /** Called by the limiter as work starts: every law of starting, checked on the spot. */
  started(job: Job, atMs: number): void {
    expect(job.number, 'first come, first served').toBe(this.queue[0]?.number);
    expect(this.gate.letsIn(atMs), `#${job.number} may enter after the cool-down`).toBe(true);
    expect(atMs, 'the stamp is the dispatch').toBe(this.limiter.clock.now());
    job.start = { seenMs: atMs, trueMs: this.clock.elapsedMs };
    for (const rule of this.rules) {
      const used = this.#used(rule, 'trueMs', job.start.trueMs) + (job.costs[rule.name] ?? NaN);
      expect(used, `"${rule.name}" in true time`).toBeLessThanOrEqual(capacityOf(rule));
    }
    this.gate.enter(atMs);
    this.queue.shift();
    this.running.push(job);
  }

  cancel(index: number): void {
    const [job] = this.queue.splice(index % this.queue.length, 1);
    if (job === undefined) return;
    this.#gone += 1;
    expect(this.limiter.leave(job)).toBe(true);
    expect(this.limiter.leave(job)).toBe(false);
  }

  release(index: number): void {
    this.#end(index, (job, startMs) => {
      job.end = { seenMs: this.limiter.clock.now(), trueMs: this.clock.elapsedMs };
      this.#past.push(job);
      this.gate.endedWell(startMs, job.end.seenMs);
      this.limiter.release(job.costs, startMs, 'succeeded');
    });
  }

  refund(index: number): void {
    this.#end(index, (job, startMs) => {
      this.#gone += 1;
      this.gate.takeBack(startMs);
      this.limiter.refund(job.costs, startMs);
    });
  }

  coolDown(delayMs: number): void {
    this.gate.close(this.limiter.clock.now() + delayMs);
    this.limiter.coolDown(delayMs);
  }

  update(index: number, limit: number): void {
    const rule = this.rules[index % this.rules.length];
    if (rule === undefined) return;
    const changed = 'slots' in rule ? { ...rule, slots: limit } : { ...rule, limit };
    this.rules[index % this.rules.length] = changed;
    this.limiter.update({ [rule.name]: { limit } });
  }

  /** Called by the limiter for work that can never start any more. */
  dropped(job: Job): void {
    const isTooHeavy = this.rules.some((rule) => (job.costs[rule.name] ?? NaN) > capacityOf(rule));
    expect(isTooHeavy, `#${job.number} can never start`).toBe(true);
    this.queue = this.queue.filter((it) => it !== job);
    this.#gone += 1;
  }

  /** The laws that hold at any time. */
  check(): void {
    const nowMs = this.limiter.clock.now();
    const snapshot = this.limiter.snapshot();
    const used = this.rules.map((rule) => this.#used(rule, 'seenMs', nowMs));
    expect(snapshot.limits.map((limit) => limit.used)).toEqual(used);
    expect([snapshot.active, snapshot.waiting]).toEqual([this.running.length, this.queue.length]);
    expect(this.clock.pending, 'timers').toBeLessThanOrEqual(this.queue.length > 0 ? 1 : 0);
    const [head] = this.queue;
    if (head === undefined) return;
    const full = this.rules.filter((rule, index) => {
      return (used[index] ?? NaN) + (head.costs[rule.name] ?? NaN) > capacityOf(rule);
    });
    const reasons = [...full.map(({ name }) => name), ...(this.gate.letsIn(nowMs) ? [] : ['cool-down'])];
    expect(reasons, `what holds #${head.number} back`).not.toEqual([]);
  }

  /** Lets all that is left come to its end: nobody is forgotten, and everything is given back. */
  finish(): void {
    while (this.queue.length > 0) {
      while (this.running.length > 0) this.release(0);
      this.clock.drain();
      this.check();
    }
    while (this.running.length > 0) this.release(0);
    expect(this.#past.length + this.#gone).toBe(this.#arrived);
    expect([this.limiter.active, this.limiter.waiting, this.clock.pending]).toEqual([0, 0, 0]);
    this.clock.advance(1_000_000);
    expect(this.limiter.snapshot().limits.map(({ used }) => used)).toEqual(this.rules.map(() => 0));
  }

  #end(index: number, how: (job: Job, startMs: number) => void): void {
    const [job] = this.running.splice(index % this.running.length, 1);
    if (job?.start === undefined) return;
    how(job, job.start.seenMs);
    this.limiter.admitWaiting();
  }

  #used(rule: Rule, by: keyof Instant, nowMs: number): number {
    const past = this.#past.filter(({ start, end }) => {
      if ('slots' in rule) return false;
      const instant = rule.countUntil === 'end' ? end : start;
      return instant !== undefined && nowMs - instant[by] < rule.intervalMs;
    });
    const running = this.running.filter(({ start }) => {
      if ('slots' in rule || rule.countUntil === 'end') return true;
      return start !== undefined && nowMs - start[by] < rule.intervalMs;
    });
    return [...past, ...running].reduce((sum, job) => sum + (job.costs[rule.name] ?? NaN), 0);
  }
}

function limitOf(rule: Rule): Limit {
  return 'slots' in rule ? concurrency({ limit: rule.slots, name: rule.name }) : slidingWindow(rule);
}

function capacityOf(rule: Rule): number {
  return 'slots' in rule ? rule.slots : rule.limit;
}
