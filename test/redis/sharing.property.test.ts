import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concurrency, createLimiter, evenly, slidingWindow, type Limit, type Limiter } from '../../operators/index.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { ClosableClock } from '../../src/redis/closableClock.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { runs } from '../runs.js';
import { VirtualClock } from '../virtualClock.js';
import { VirtualRedis, type ProcessClient } from './virtualRedis.js';

const leaseMs = 1_200;
const intervalMs = 240;
/** By how much an instant may be rounded, in ms: Redis' clock shows whole microseconds, and so does an age that it is told. */
const roundedMs = 0.002;

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
afterAll(() => redis.close());

const limit = fc.integer({ min: 1, max: 5 });
const rules = fc.record({
  rate: limit,
  slots: fc.option(limit, { nil: undefined }),
  isEven: fc.boolean(),
  countUntil: fc.constantFrom('end' as const, 'start' as const),
});
type Rules = typeof rules extends fc.Arbitrary<infer R> ? R : never;

const process = fc.nat(2);
const index = fc.nat(20);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('arrive' as const), process, key: fc.constantFrom('a', 'b') }),
    },
    { weight: 5, arbitrary: fc.record({ type: fc.constant('release' as const), process, index }) },
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('advance' as const), byMs: fc.oneof(fc.nat(30), fc.nat(500)) }),
    },
    fc.record({ type: fc.constant('cancel' as const), process, index }),
    fc.record({ type: fc.constant('coolDown' as const), process, byMs: fc.nat(300), ramp: fc.boolean() }),
    fc.record({ type: fc.constant('kill' as const), process }),
    fc.record({ type: fc.constant('cut' as const), process }),
    fc.record({ type: fc.constant('mend' as const), process }),
    fc.record({ type: fc.constant('flush' as const) }),
  ),
  { maxLength: 60, size: 'max' },
);
type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;

class Probe extends Waiter {
  startedAtMs: number | undefined = undefined;
  /** When it ended, or its process was out of reach for so long that its place may have been given away. */
  endedAtMs = Infinity;
  hasEnded = false;

  admitted(atMs: number): void {
    this.startedAtMs = atMs;
  }

  dropped(error: Error): void {
    throw error;
  }
}

/** A process, or what is left of it. */
class Process {
  readonly client: ProcessClient;
  readonly #clock: ClosableClock;
  readonly limiter: Limiter;
  readonly probes: Probe[] = [];
  cutAtMs: number | undefined = undefined;

  constructor(limits: Limit[], name: string, clock: VirtualClock) {
    this.client = redis.client(clock);
    this.#clock = new ClosableClock(clock);
    this.limiter = createLimiter({
      limits,
      clock: this.#clock,
      random: () => 0.5,
      store: redisStore({ client: this.client, name, leaseMs }),
    });
  }

  kill(): void {
    this.client.cut();
    this.#clock.close();
  }

  get running(): Probe[] {
    return this.probes.filter((probe) => probe.startedAtMs !== undefined && !probe.hasEnded);
  }
}

/** Several processes that share limits, and everything that has been let in. */
class Sharers {
  readonly clock = new VirtualClock();
  readonly #rules: Rules;
  readonly #name: string;
  readonly #processes: Process[];
  readonly #all: Probe[] = [];
  /** From when until when all have agreed to start nothing. */
  #closed: { readonly fromMs: number; readonly untilMs: number }[] = [];

  constructor(given: Rules, name: string) {
    this.#rules = given;
    this.#name = name;
    this.#processes = [0, 1, 2].map(() => this.#start());
  }

  async take(step: Step): Promise<void> {
    if (step.type === 'advance') return this.#advance(step.byMs);
    if (step.type === 'flush') return this.#flush();
    const it = this.#processes[step.process]!;
    if (step.type === 'arrive') this.#arrive(it, step.key);
    if (step.type === 'release') this.#end(it, step.index);
    if (step.type === 'cancel') {
      const waiting = it.probes.filter((probe) => probe.isQueued);
      if (waiting.length > 0) it.limiter.leave(waiting[step.index % waiting.length]!);
    }
    if (step.type === 'coolDown') this.#coolDown(it, step.byMs, step.ramp);
    if (step.type === 'kill') this.#kill(step.process);
    if (step.type === 'cut' && it.cutAtMs === undefined) {
      it.cutAtMs = this.clock.now();
      it.client.cut();
    }
    if (step.type === 'mend') this.#mend(it);
    await this.#advance(0);
  }

  /** All that is left is done, by those who live; and nothing is left behind. */
  async finish(): Promise<void> {
    for (const it of this.#processes) this.#mend(it);
    for (let rounds = 0; rounds < 200 && this.#isBusy; rounds++) {
      for (const it of this.#processes) while (it.running.length > 0) this.#end(it, 0);
      await this.#advance(100);
    }
    expect(this.#processes.flatMap((it) => it.probes.filter((probe) => probe.isQueued))).toEqual([]);
    await this.#advance(2 * leaseMs);
    this.#arrive(this.#processes[0]!, 'a');
    await this.#advance(leaseMs + 1_000);
    this.#end(this.#processes[0]!, 0);
    await this.#advance(leaseMs);
    const left = (await redis.keys()).filter((key) => /:(held|mail|want|passed):/.test(key));
    expect(left).toEqual([]);
    expect(this.clock.pending).toBe(0);
  }

  get #isBusy(): boolean {
    return this.#processes.some((it) => it.running.length > 0 || it.limiter.waiting > 0);
  }

  #start(): Process {
    const { rate, slots, isEven, countUntil } = this.#rules;
    const window = { limit: rate, intervalMs, countUntil, name: 'rate' };
    const limits: Limit[] = [isEven ? evenly(window) : slidingWindow(window)];
    if (slots !== undefined) limits.push(concurrency({ limit: slots, name: 'slots' }));
    return new Process(limits, this.#name, this.clock);
  }

  /** Somebody who knows that there were data must be the first to come: a newcomer cannot tell. */
  async #flush(): Promise<void> {
    const witness = this.#processes.find(
      (it) => it.cutAtMs === undefined && it.limiter.waiting === 0 && it.probes.some((probe) => !probe.isQueued),
    );
    if (witness === undefined) return;
    await redis.flush();
    // That too is lost.
    this.#closed = [];
    this.#arrive(witness, 'a');
    await this.#advance(0);
  }

  #arrive(it: Process, key: string): void {
    const probe = new Probe(1, { key, weight: 1, priority: 0 });
    it.probes.push(probe);
    this.#all.push(probe);
    it.limiter.enter(probe);
  }

  #end(it: Process, index: number): void {
    const { running } = it;
    const probe = running[index % Math.max(1, running.length)];
    if (probe === undefined) return;
    probe.hasEnded = true;
    probe.endedAtMs = Math.min(probe.endedAtMs, this.clock.now());
    it.limiter.release(probe.cost, probe.startedAtMs!, 'succeeded', probe.place.key);
    it.limiter.admitWaiting();
  }

  /** What those think of it who are out of reach is not known. */
  #coolDown(it: Process, byMs: number, ramp: boolean): void {
    it.limiter.coolDown(byMs, { ramp });
    if (this.#processes.some(({ cutAtMs }) => cutAtMs !== undefined)) return;
    this.#closed.push({ fromMs: this.clock.now(), untilMs: this.clock.now() + byMs });
  }

  #kill(index: number): void {
    const it = this.#processes[index]!;
    it.kill();
    for (const probe of it.running) probe.endedAtMs = Math.min(probe.endedAtMs, this.clock.now());
    this.#processes[index] = this.#start();
  }

  #mend(it: Process): void {
    it.cutAtMs = undefined;
    it.client.mend();
  }

  /** In steps shorter than a lease: whoever is out of reach for one counts no more from then on. */
  async #advance(byMs: number): Promise<void> {
    for (let leftMs = byMs; leftMs >= 0; leftMs -= 50) {
      await redis.advance(this.clock, Math.min(leftMs, 50));
      for (const it of this.#processes) {
        if (it.cutAtMs === undefined || this.clock.now() - it.cutAtMs < leaseMs / 2) continue;
        for (const probe of it.running) probe.endedAtMs = Math.min(probe.endedAtMs, this.clock.now());
      }
      if (leftMs === 0) break;
    }
    this.#check();
  }

  #check(): void {
    const { rate, slots, countUntil } = this.#rules;
    const windowMs = intervalMs - roundedMs;
    const started = this.#all.filter((probe) => probe.startedAtMs !== undefined);
    for (const { startedAtMs: atMs = 0 } of started) {
      const isClosed = this.#closed.some(({ fromMs, untilMs }) => atMs > fromMs && atMs < untilMs - roundedMs);
      expect(isClosed, `cooling down at ${atMs}`).toBe(false);
      const counts = started.filter((other) => {
        const untilMs = countUntil === 'start' ? other.startedAtMs! : other.endedAtMs;
        return other.startedAtMs! <= atMs && untilMs > atMs - windowMs;
      });
      expect(counts.length, `within ${intervalMs} ms until ${atMs}`).toBeLessThanOrEqual(rate);
      const running = started.filter((other) => other.startedAtMs! <= atMs && other.endedAtMs > atMs);
      expect(running.length, `in flight at ${atMs}`).toBeLessThanOrEqual(slots ?? Infinity);
    }
  }
}

let named = 0;

describe('processes that share limits', () => {
  it('should never pass them together, and always come to an end, whoever dies and whatever Redis loses', async () => {
    await fc.assert(
      fc.asyncProperty(rules, steps, async (given, script) => {
        await redis.reset();
        const sharers = new Sharers(given, `sharers ${named++}`);
        for (const step of script) await sharers.take(step);
        await sharers.finish();
      }),
      runs(40),
    );
  });
});
