import type fc from 'fast-check';
import { expect } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { placeOf, type Place } from '../../src/limiter/place.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { VirtualClock } from '../virtualClock.js';

/** A limit in words: for all, or for each key alone. */
export type FairRule = { readonly limit: number; readonly isKeyed: boolean } & (
  | { readonly kind: 'slots' }
  | { readonly kind: 'window'; readonly intervalMs: number; readonly countUntil: 'end' | 'start' }
  | { readonly kind: 'quota' }
);

export class FairJob extends Waiter {
  readonly number: number;
  startMs = NaN;
  endMs = NaN;
  /** The date that the wall showed as it started. */
  date = '';
  readonly #book: FairBook;

  constructor(number: number, cost: number, place: Place, book: FairBook) {
    super(cost, place);
    this.number = number;
    this.#book = book;
  }

  get units(): number {
    return Number(this.cost);
  }

  admitted(atMs: number): void {
    this.#book.started(this, atMs);
  }

  dropped(): void {
    throw new Error('nothing is dropped from an unbounded queue');
  }
}

/** A tenth of a second before midnight, so that a quota's day ends within a test. */
const beforeMidnight = Date.UTC(2026, 10, 1, 23, 59, 59, 900);

/** The book beside a limiter with keys: each law worked out from scratch, at every start and after every millisecond. */
export class FairBook {
  readonly clock = new VirtualClock({ epochMs: beforeMidnight });
  readonly limiter: Limiter;
  waiting: FairJob[] = [];
  running: FairJob[] = [];
  readonly #past: FairJob[] = [];
  readonly #rules: readonly FairRule[];
  #arrived = 0;
  #gone = 0;

  constructor(rules: readonly FairRule[]) {
    this.#rules = rules;
    this.limiter = createLimiter({ limits: rules.map(limitOf), clock: this.clock });
  }

  arrive(cost: number, place: { readonly key: unknown; readonly weight: number; readonly priority: number }): void {
    const least = Math.min(...this.#rules.map(({ limit }) => limit));
    const job = new FairJob(this.#arrived++, cost % (least + 1), placeOf(place), this);
    this.waiting.push(job);
    this.limiter.enter(job);
    this.check();
  }

  /** Called by the limiter as work starts. */
  started(job: FairJob, atMs: number): void {
    expect(this.#firsts(), `#${job.number} starts: first in, first out`).toContain(job);
    expect(this.#lets(job, true) && this.#lets(job, false), `#${job.number} fits`).toBe(true);
    const before = this.#firsts().filter((first) => first.place.priority > job.place.priority);
    expect(
      before.filter((first) => this.#lets(first, true)).map(({ number }) => number),
      `of a higher priority than #${job.number}, and not held back by its own key`,
    ).toEqual([]);
    expect(atMs).toBe(this.clock.now());
    job.startMs = atMs;
    job.date = this.#date();
    this.waiting = this.waiting.filter((other) => other !== job);
    this.running.push(job);
  }

  advance(byMs: number): void {
    for (let passed = 0; passed < byMs; passed++) {
      this.clock.advance(1);
      this.check();
    }
  }

  cancel(index: number): void {
    const [job] = this.waiting.splice(index % this.waiting.length, 1);
    if (job === undefined) return;
    this.#gone++;
    expect(this.limiter.leave(job)).toBe(true);
    this.check();
  }

  release(index: number): void {
    const [job] = this.running.splice(index % this.running.length, 1);
    if (job === undefined) return;
    job.endMs = this.clock.now();
    this.#past.push(job);
    this.limiter.release(job.cost, job.startMs, 'succeeded', job.place.key);
    this.limiter.admitWaiting();
    this.check();
  }

  refund(index: number): void {
    const [job] = this.running.splice(index % this.running.length, 1);
    if (job === undefined) return;
    this.#gone++;
    this.limiter.refund(job.cost, job.startMs, job.place.key);
    this.limiter.admitWaiting();
    this.check();
  }

  /** Who could start has started, but behind one, no lower in priority, that only the limits for all hold back. */
  check(): void {
    const ready = this.#firsts().filter((first) => this.#lets(first, true));
    const heavy = ready.filter((first) => !this.#lets(first, false)).map(({ place }) => place.priority);
    const idle = ready.filter((first) => this.#lets(first, false) && first.place.priority > Math.max(...heavy));
    expect(
      idle.map(({ number }) => number),
      'could start, and waits',
    ).toEqual([]);
    expect([this.limiter.active, this.limiter.waiting]).toEqual([this.running.length, this.waiting.length]);
    expect(this.clock.pending, 'timers').toBeLessThanOrEqual(this.waiting.length > 0 ? 1 : 0);
  }

  /** Lets all that is left come to its end: nobody is forgotten, and everything is given back. */
  finish(): void {
    while (this.waiting.length > 0) {
      while (this.running.length > 0) this.release(0);
      this.clock.drain();
    }
    while (this.running.length > 0) this.release(0);
    expect(this.#past.length + this.#gone).toBe(this.#arrived);
    expect([this.limiter.active, this.limiter.waiting, this.clock.pending]).toEqual([0, 0, 0]);
    this.clock.advance(86_400_000);
    expect(this.limiter.snapshot().limits.map(({ used }) => used)).toEqual(this.#rules.map(() => 0));
  }

  /** The first of each key, at each priority. */
  #firsts(): FairJob[] {
    return this.waiting.filter((job, index) => {
      const { key, priority } = job.place;
      return this.waiting.findIndex(({ place }) => place.key === key && place.priority === priority) === index;
    });
  }

  /** Whether the limits of the job's own key (or, those for all) have room for it. */
  #lets(job: FairJob, isKeyed: boolean): boolean {
    const rules = this.#rules.filter((rule) => rule.isKeyed === isKeyed);
    return rules.every((rule) => {
      const theirs = [...this.#past, ...this.running].filter(({ place }) => !isKeyed || place.key === job.place.key);
      const used = theirs.filter((other) => this.#counts(other, rule)).reduce((sum, { units }) => sum + units, 0);
      return used + job.units <= rule.limit;
    });
  }

  #counts({ startMs, endMs, date }: FairJob, rule: FairRule): boolean {
    if (rule.kind === 'quota') return date === this.#date();
    if (rule.kind === 'slots') return Number.isNaN(endMs);
    const sinceMs = rule.countUntil === 'end' ? endMs : startMs;
    return Number.isNaN(sinceMs) || this.clock.now() - sinceMs < rule.intervalMs;
  }

  #date(): string {
    return new Date(this.clock.epochNow()).toISOString().slice(0, 10);
  }
}

/** A step of a model run. */
export class Step implements fc.Command<FairBook, object> {
  readonly #words: string;
  readonly #run: (book: FairBook) => void;

  constructor(words: string, run: (book: FairBook) => void) {
    this.#words = words;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  run(book: FairBook): void {
    this.#run(book);
  }

  toString(): string {
    return this.#words;
  }
}

function limitOf(rule: FairRule, index: number): Limit {
  const name = `#${index}`;
  const { limit } = rule;
  const make = (): Limit => {
    if (rule.kind === 'slots') return concurrency({ limit, name });
    if (rule.kind === 'quota') return dailyQuota({ limit, name });
    const { intervalMs, countUntil } = rule;
    return slidingWindow({ limit, intervalMs, countUntil, name });
  };
  return rule.isKeyed ? perKey(make) : make();
}
