import { backoffDelay } from '../../backoff/backoff.js';
import type { Clock } from '../../clock.js';
import { WakeUp } from '../../wakeUp.js';
import type { RedisClient } from '../client.js';
import { inTime, patienceOf } from '../inTime.js';
import { isPermanent } from '../failure.js';
import { Script } from '../script.js';
import { admissionScript } from './lua/admissionScript.js';
import { micros } from './plan.js';
import { parseReply, type Decided } from './reply.js';

export interface ExchangeOptions {
  readonly client: RedisClient;
  /** What all keys begin with, in one cluster slot. */
  readonly prefix: string;
  readonly leaseMs: number;
  /** How long whatever was used may count at the most, in ms. */
  readonly graceMs: number;
  /** How long before its instant work may be granted that time alone lets in, in ms. */
  readonly aheadMs: number;
  /** From when on a call that is not answered means that Redis is lost, in ms. */
  readonly lostAfterMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Whose news are told, and who hears the answers. */
export interface ExchangeOwner {
  /** What is to be told now. */
  compose(): object;
  /** The days around an instant of Redis' wall clock, where some quota asks for them. */
  daysAround(epochMs: number): unknown;
  /** Others have quotas of these zones: their days are asked for, too. */
  knowZones(zones: readonly string[]): void;
  decided(answer: Decided, sentAtMs: number): void;
  /** Redis knows nothing of us any more: begin anew. Unless it was done, what was composed last is to be told again. */
  startOver(hasLostData: boolean, isDone: boolean): void;
  /** Others share other limits under this name. */
  differs(): void;
  failed(error: unknown): void;
  lost(error: unknown): void;
  back(): void;
}

const script = new Script(admissionScript);
const retryBaseMs = 25;
const retryCapMs = 2_000;

/**
 * A process' talk with the script: one call at a time, with all the news that have gathered meanwhile. A call is sent
 * again until it is answered, under its number, and has its effect once.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #owner: ExchangeOwner;
  /** The name that messages go to, and of this life of it: whoever was taken for dead lives on as another. */
  readonly base: string;
  #life = 1;
  #call = 0;
  #epoch = '';
  #seq = 0;
  /** What Redis' clock showed as it answered last. */
  #answeredUs = 0;
  /** What Redis' wall clock shows more than ours, in ms. */
  #wallOffsetMs = 0;
  #isTalking = false;
  #isAsked = false;
  /** Who waits until all has been told. */
  readonly #waiting: (() => void)[] = [];
  /** News whose call has failed for good: to be told first. */
  #untold: object | undefined = undefined;
  readonly #lostTimer: WakeUp;
  #isLost = false;
  #lastError: unknown = undefined;
  #sentAtMs = -Infinity;
  #sentEpochMs = -Infinity;

  constructor(options: ExchangeOptions, base: string, owner: ExchangeOwner) {
    this.#options = options;
    this.#owner = owner;
    this.base = base;
    this.#lostTimer = new WakeUp(options.clock, () => this.#lose());
  }

  /** What it is called in this life. */
  get process(): string {
    return `${this.base}.${this.#life}`;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  /** When the last call that was answered had been sent, in ms. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** Redis' wall clock, as far as is known. */
  get wallMs(): number {
    return this.#options.clock.epochNow() + this.#wallOffsetMs;
  }

  /** True while nobody can have taken us for dead, by the monotonic clock and (where that sleeps along) by the wall. */
  get isSure(): boolean {
    const { clock, leaseMs } = this.#options;
    return clock.now() - this.#sentAtMs < leaseMs && clock.epochNow() - this.#sentEpochMs < leaseMs;
  }

  /** True where what is known here is of other data than those of `epoch`. */
  isOfOther(epoch: string): boolean {
    return this.#epoch !== '' && this.#epoch !== epoch;
  }

  /** Calls as soon as those who act now have said all: at the end of this turn. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    if (!this.#isTalking) queueMicrotask(() => void this.#talk());
  }

  /** Another life begins: whatever is told from here on is told under a new name. */
  beginAnew(): void {
    this.#life++;
    this.#call = 0;
    this.#untold = undefined;
  }

  /** Resolves once all that was asked for has been told, or given up. */
  async settled(): Promise<void> {
    if (!this.#isTalking && !this.#isAsked) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #talk(): Promise<void> {
    if (this.#isTalking) return;
    this.#isTalking = true;
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        await this.#callOnce();
      }
    } catch (error) {
      this.#isAsked = false;
      this.#owner.failed(error);
    } finally {
      this.#isTalking = false;
      if (this.#isAsked) void this.#talk();
      else for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  async #callOnce(): Promise<void> {
    // What was not answered is told again under its number, before anything else.
    if (this.#untold === undefined) this.#call++;
    const news = (this.#untold ??= this.#owner.compose());
    let sentAtMs = this.#options.clock.now();
    let sentEpochMs = this.#options.clock.epochNow();
    const reply = await this.#answered(() => {
      sentAtMs = this.#options.clock.now();
      sentEpochMs = this.#options.clock.epochNow();
      return this.#request(news);
    });
    this.#wallOffsetMs = reply.wallMs - this.#options.clock.epochNow();
    if (reply.status === 'days') {
      this.#owner.knowZones(reply.zones);
      return this.#callOnce();
    }
    this.#untold = undefined;
    if (reply.status === 'differs') {
      this.#owner.differs();
      return;
    }
    if (reply.status === 'recover') {
      const hasLostData = reply.epoch !== this.#epoch;
      this.#epoch = reply.epoch;
      if (hasLostData) this.#seq = 0;
      this.#owner.startOver(hasLostData, reply.isDone);
    } else {
      this.#epoch = reply.epoch;
      this.#seq = reply.seq;
      this.#answeredUs = reply.nowUs;
      this.#sentAtMs = sentAtMs;
      this.#sentEpochMs = sentEpochMs;
      this.#owner.decided(reply, sentAtMs);
    }
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#owner.back();
  }

  /** Asks until there is an answer. @throws what will be the same however often one asks */
  async #answered(request: () => string): Promise<ReturnType<typeof parseReply>> {
    const { client, prefix, clock, random, lostAfterMs, leaseMs } = this.#options;
    // Once Redis is back, the living are to be heard of within their leases.
    const capMs = Math.min(retryCapMs, leaseMs / 4);
    this.#lostTimer.at(clock.now() + lostAfterMs);
    for (let attempt = 0; ; attempt++) {
      try {
        const call = script.run(client, [prefix], [request()]);
        const reply = parseReply(await inTime(call, patienceOf(attempt, lostAfterMs), clock));
        this.#lostTimer.at(Infinity);
        return reply;
      } catch (error) {
        this.#lastError = error;
        if (isPermanent(client, error)) {
          this.#lostTimer.at(Infinity);
          throw error;
        }
      }
      const delayMs = backoffDelay({ attempt, baseMs: retryBaseMs, capMs, jitter: 'equal', random });
      await new Promise<void>((resolve) => clock.schedule(delayMs, resolve));
    }
  }

  #request(news: object): string {
    const { prefix, leaseMs, graceMs, aheadMs } = this.#options;
    return JSON.stringify({
      // A client may put something before keys, and not before channels.
      channel: prefix,
      pid: this.process,
      call: this.#call,
      epoch: this.#epoch,
      seq: this.#seq,
      answeredUs: this.#answeredUs,
      ttlUs: micros(leaseMs),
      graceUs: micros(graceMs),
      aheadUs: micros(aheadMs),
      days: this.#owner.daysAround(this.wallMs),
      ...news,
    });
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#owner.lost(this.#lastError);
  }
}
