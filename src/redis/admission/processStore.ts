import type { Clock } from '../../clock.js';
import { OptionsError, StoreLostError } from '../../errors.js';
import { checkCost, costIn, type Cost } from '../../limiter/cost.js';
import type { AdmissionStore, Applicants } from '../../limiter/store.js';
import type { Waiter } from '../../limiter/waiter.js';
import type { Limit, Outcome } from '../../limits/limit.js';
import { ClosableClock } from '../closableClock.js';
import { adviceFor, isPermanent } from '../failure.js';
import { Silence } from '../silence.js';
import { Subscription } from '../subscription.js';
import { Agenda } from './agenda.js';
import { elsewhere } from './elsewhere.js';
import { Ends } from './ends.js';
import { Exchange, type ExchangeOptions, type ExchangeOwner } from './exchange.js';
import { Grants } from './grants.js';
import { Held } from './held.js';
import type { Holding } from './holdings.js';
import { Inbox } from './inbox.js';
import { LocalShare } from './localShare.js';
import type { MirroredLimit, MirrorOwner } from './mirroredLimit.js';
import { OwnQueue } from './ownQueue.js';
import { parseMessage, type Decided } from './reply.js';
import type { GateNews, SharedGate } from './sharedGate.js';
import { SharedPlan } from './sharedPlan.js';
import { Telling } from './telling.js';
import { keyText } from './wishes.js';

export interface ProcessStoreOptions extends Omit<ExchangeOptions, 'clock'> {
  readonly name: string;
  readonly limits: readonly Limit[];
  readonly clock: Clock;
  readonly onStoreLost: 'wait' | 'fail' | 'local-share';
  /** How long news may wait for company, in ms. */
  readonly lingerMs: number;
  /** True where an end may make room at once: some limit is one of slots, or of what runs. */
  readonly endsMakeRoom: boolean;
}

/** How long one more who waits may wait for company, before Redis is told, in ms. */
const arrivalLingerMs = 10;

/** How long closing waits for a Redis that does not answer, in ms. */
const closingMs = 1_000;

/**
 * One process' face of limits that are kept in Redis. It decides nothing: who waits is told, what is granted comes by
 * answer or by message and is handed out, once its instant has come, at the next `tryAdmit`; and what ends is told with
 * how long ago it did.
 */
export class ProcessStore implements AdmissionStore, ExchangeOwner, MirrorOwner {
  readonly gate: SharedGate;
  heldBy: Limit | undefined = undefined;
  readonly #options: ProcessStoreOptions;
  readonly #clock: ClosableClock;
  readonly #plan: SharedPlan;
  readonly #exchange: Exchange;
  readonly #subscription: Subscription;
  readonly #silence: Silence;
  readonly #inbox: Inbox;
  readonly #held = new Held();
  readonly #queue = new OwnQueue();
  readonly #agenda: Agenda;
  readonly #ends: Ends;
  readonly #grants: Grants;
  readonly #telling: Telling;
  /** How many processes there are, with those that are at rest. Until that is known, any number of others may share. */
  #peers = Infinity;
  #alone: LocalShare | undefined = undefined;
  #isClosed = false;

  constructor(options: ProcessStoreOptions, base: string, gate: (tell: (news: GateNews) => void) => SharedGate) {
    this.#options = options;
    this.#clock = new ClosableClock(options.clock);
    this.gate = gate((news) => {
      this.#held.news.gate.push(news);
      this.#askAnew();
    });
    this.#plan = new SharedPlan(options.limits, this.gate.rampStepMs, this);
    this.#exchange = new Exchange({ ...options, clock: this.#clock }, base, this);
    const channels = [base, 'all'].map((to) => `${options.prefix}:${to}`);
    this.#subscription = new Subscription(options.client, channels, this.#clock, {
      message: (text) => this.#heard(text),
      ready: () => {
        const { wishes, ahead } = this.#inbox;
        if (wishes.count + ahead.length > 0) this.#exchange.ask();
      },
    });
    this.#silence = new Silence(`publish on ${options.prefix}:*`);
    this.#inbox = new Inbox(this.#exchange.process);
    this.#telling = new Telling({
      plan: this.#plan,
      gate: this.gate,
      held: this.#held,
      inbox: this.#inbox,
      queue: this.#queue,
      saysPresent: options.onStoreLost === 'local-share',
    });
    this.#agenda = new Agenda(this.#clock, options.leaseMs, () => this.#exchange.ask());
    this.#ends = new Ends({
      ...options,
      held: this.#held,
      gate: this.gate,
      agenda: this.#agenda,
      isKeyed: this.#plan.isKeyed,
      tellWithin: (ms) => this.#tellWithin(ms),
    });
    this.#grants = new Grants({
      clock: this.#clock,
      inbox: this.#inbox,
      queue: this.#queue,
      gate: this.gate,
      telling: this.#telling,
      ends: this.#ends,
      isSure: () => this.#exchange.isSure,
    });
  }

  get limits(): readonly MirroredLimit[] {
    return this.#plan.limits;
  }

  serve(applicants: Applicants): void {
    this.#queue.serve(applicants);
  }

  check(cost: Cost, key?: unknown): void {
    checkCost(this.limits, cost, key);
    keyText(key);
  }

  tryAdmit(cost: Cost, nowMs: number, key: unknown): number {
    if (this.#alone !== undefined) return this.#admitAlone(this.#alone, cost, nowMs, key);
    const id = this.#inbox.purse.take(key, cost);
    this.heldBy = elsewhere;
    if (id === undefined) return Infinity;
    this.#held.add(id, cost, key, nowMs);
    if (this.#plan.tellsStarts) {
      this.#held.news.starts.push({ id, atMs: nowMs });
      this.#tellWithin(this.#options.lingerMs);
    }
    return nowMs;
  }

  arrived({ place }: Waiter): void {
    if (this.#isClosed) {
      this.#giveUpClosed();
      return;
    }
    if (this.#alone !== undefined) return;
    if (this.#exchange.isLost && this.#options.onStoreLost === 'fail') {
      this.#giveUpAll(this.#exchange.lastError);
      // Where the last call was refused for good, nobody else would find out that Redis is back.
      this.#exchange.ask();
      return;
    }
    this.#subscription.listen();
    const { wishes } = this.#inbox;
    // Behind one of its own it is in no hurry to be known.
    const isInNoHurry = wishes.isWaitedFor(place);
    if (wishes.isFull && (isInNoHurry || !wishes.comesBefore(place))) {
      wishes.comesLater(place);
      return;
    }
    this.#telling.queueChanged();
    this.#tellWithin(isInNoHurry ? arrivalLingerMs : 0);
  }

  left(): void {
    if (this.#inbox.wishes.count === 0) return;
    this.#telling.queueChanged();
    this.#exchange.ask();
  }

  release(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void {
    this.#end(cost, takenAtMs, nowMs, outcome, key);
  }

  refund(cost: Cost, takenAtMs: number, key: unknown): void {
    this.#end(cost, takenAtMs, this.#clock.now(), 'refund', key);
  }

  observeWall(): void {}

  changed(limit: MirroredLimit, change: unknown): void {
    this.#plan.change(limit, change, this.#clock.now());
    if (limit.isKeyed === true) this.#telling.keysChanged();
    this.#askAnew();
  }

  adjusted(limit: MirroredLimit, delta: number, takenAtMs: number, key: unknown): void {
    const wallMs = this.#exchange.wallMs - (this.#clock.now() - takenAtMs);
    this.#held.news.adjust.push([limit.name, delta, keyText(key), this.#plan.dateOf(limit, key, wallMs)]);
    this.#exchange.ask();
  }

  slotTold(limit: Limit, what: 'refused' | 'granted', cost: number, takenAtMs: number, key: unknown): void {
    if (this.#held.slotTold(limit, what, cost, takenAtMs, key)) this.#exchange.ask();
  }

  /** Gives up what waits, tells what has ended, and lets go of the connection; what is held is held until its lease runs out. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#giveUpClosed();
    if (!this.#held.news.isEmpty || this.#inbox.wishes.count > 0) this.#exchange.ask();
    const isOver = new Promise<void>((resolve) => this.#clock.schedule(closingMs, resolve));
    await Promise.race([this.#exchange.settled(), isOver]);
    this.#clock.close();
    this.#subscription.stop();
  }

  compose(): object {
    this.#agenda.telling();
    return this.#telling.compose(this.#clock.now());
  }

  daysAround(epochMs: number): unknown {
    return this.#plan.daysAround(epochMs);
  }

  knowZones(zones: readonly string[]): void {
    this.#plan.knowZones(zones);
  }

  decided(answer: Decided, sentAtMs: number): void {
    const nowMs = this.#clock.now();
    this.#agenda.called(sentAtMs, answer.processes);
    this.#peers = Math.max(answer.peers, answer.processes);
    if (answer.unsent !== '') this.#silence.tell(answer.unsent);
    this.gate.heard(answer.closedMs, answer.round, nowMs);
    if (this.#plan.heard(answer.usage, nowMs, this.#exchange.wallMs)) this.#queue.dropImpossible();
    if (this.#alone !== undefined) return;
    this.#reclaimed(answer.reclaimed);
    // After an answer that took too long it is not known whether what it grants is still ours.
    if (!this.#exchange.isSure) {
      this.#exchange.ask();
      return;
    }
    this.#agenda.turn(answer.wakeMs, answer.isOurs, answer.seq);
    const hasGap = this.#grants.open(answer.mail);
    // Redis has forgotten this life, or letters of it: what comes next is told in another.
    if (hasGap || (this.#telling.isLast && answer.mail.length === 0)) this.#beginAnew();
    this.#refill();
  }

  startOver(hasLostData: boolean, isDone: boolean): void {
    if (!isDone) this.#telling.putBack();
    this.#beginAnew(hasLostData);
    this.#exchange.ask();
  }

  differs(): void {
    const names = this.limits.map(({ name }) => `"${name}"`).join(', ');
    const error = new OptionsError(
      `limits: others share other limits than ${names} as "${this.#options.name}": give these a name of their own`,
      'limits',
    );
    this.#queue.giveUpAll(error);
    this.#beginAnew();
  }

  failed(error: unknown): void {
    this.#agenda.called(this.#clock.now());
    this.#giveUpAll(error);
    // What the call was to tell is told again with the next one, under its number: it may have had its effect.
    if (this.#held.size === 0 && this.#telling.isEmpty) this.#beginAnew();
    this.#setTimer();
  }

  lost(error: unknown): void {
    const { onStoreLost } = this.#options;
    this.#queue.tell({ type: 'store-lost', atMs: this.#clock.now(), error });
    if (onStoreLost === 'fail') this.#giveUpAll(error);
    if (onStoreLost === 'local-share') this.#goAlone();
  }

  back(): void {
    this.#queue.tell({ type: 'store-back', atMs: this.#clock.now() });
    if (this.#alone === undefined) return;
    // What was done alone is told in a new life, and holds everybody back as long as it may count.
    this.#beginAnew();
    this.#exchange.ask();
  }

  #end(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome | 'refund', key: unknown): void {
    const holding = this.#held.end(cost, takenAtMs, key, outcome);
    if (holding === undefined) return;
    holding.endedAtMs = nowMs;
    if (this.#alone !== undefined) {
      this.#alone.ended(holding, nowMs, outcome);
      if (holding.isSpent !== true && outcome !== 'refund') this.#tellSpent(holding);
    }
    if (holding.id !== undefined) this.#ends.add(holding.id, nowMs, outcome, holding);
  }

  /** What was let in without Redis has been taken of no quota there. */
  #tellSpent({ cost, takenAtMs, key }: Holding): void {
    for (const limit of this.limits) {
      const units = limit.kind === 'quota' ? costIn(limit, cost) : 0;
      if (units > 0) this.adjusted(limit, units, takenAtMs, key);
    }
  }

  /** What was granted ahead holds no more. */
  #askAnew(): void {
    this.#grants.giveBack();
    this.#exchange.ask();
  }

  #tellWithin(ms: number): void {
    if (ms === 0) {
      this.#exchange.ask();
      return;
    }
    this.#agenda.tellWithin(ms);
    this.#setTimer();
  }

  #heard(text: string): void {
    const message = parseMessage(text);
    if (message === undefined) return;
    if ('epoch' in message) {
      if (this.#exchange.isOfOther(message.epoch)) this.#askAnew();
      return;
    }
    if (message.to !== this.#exchange.process) return;
    if (message.isRecalled) this.#grants.giveBack();
    // Who was stopped for long does not know whether what has come is still his.
    if (!this.#exchange.isSure) {
      this.#exchange.ask();
      return;
    }
    const { mail, wakeMs, isOurs, seq, asks } = message;
    this.#agenda.turn(wakeMs, isOurs, seq);
    // What is missing comes with the next answer.
    if (this.#grants.open(mail) || asks) this.#exchange.ask();
    this.#refill();
  }

  /** Tells Redis of more of the queue where it knows little, listens for whoever waits, and sets the timer. */
  #refill(): void {
    const { wishes, ahead } = this.#inbox;
    if (wishes.count > 0) this.#subscription.listen();
    if (wishes.isLow && this.#queue.waiting > wishes.count + ahead.length) this.#exchange.ask();
    this.#setTimer();
  }

  #setTimer(): void {
    const isWaiting = this.#inbox.wishes.count > 0;
    this.#agenda.set(isWaiting, isWaiting || this.#held.size > 0 || !this.#held.news.isEmpty);
  }

  /** Another life: what Redis knows of this one ends. */
  #beginAnew(hasLostData = false): void {
    const { process } = this.#exchange;
    const { read, wishes } = this.#inbox;
    const wasWaiting = wishes.count > 0;
    const hasRunAlone = this.#alone !== undefined;
    this.#exchange.beginAnew();
    const unstarted = this.#inbox.beginAnew(this.#exchange.process);
    this.#agenda.beginAnew();
    this.#alone = undefined;
    this.#telling.beginAnew({ process, read, unstarted, wasWaiting, hasRunAlone }, this.#clock.now(), hasLostData);
  }

  #reclaimed(ids: readonly number[]): void {
    for (const holding of this.#held.reclaimed(ids)) {
      const { id, outcome = 'unknown', endedAtMs = this.#clock.now() } = holding;
      if (id !== undefined) this.#ends.add(id, endedAtMs, outcome, holding);
    }
  }

  #giveUpAll(cause: unknown): void {
    const { name, onStoreLost, client } = this.#options;
    const advice =
      onStoreLost === 'fail' && !isPermanent(client, cause)
        ? 'try again once Redis is back, or choose onStoreLost: "wait"'
        : adviceFor(client, cause);
    this.#telling.queueChanged();
    this.#queue.giveUpAll(new StoreLostError(name, advice, cause));
  }

  #giveUpClosed(): void {
    this.#telling.queueChanged();
    this.#queue.giveUpAll(new StoreLostError(this.#options.name, 'their store was closed', undefined));
  }

  #goAlone(): void {
    this.#alone = new LocalShare({
      limits: this.limits,
      share: 1 / this.#peers,
      clock: this.#clock,
      holdings: this.#held.all(),
      closedMs: this.#options.graceMs,
    });
    this.#queue.admitAll();
  }

  #admitAlone(alone: LocalShare, cost: Cost, nowMs: number, key: unknown): number {
    const atMs = alone.store.tryAdmit(cost, nowMs, key);
    this.heldBy = alone.store.heldBy;
    if (atMs > nowMs) return atMs;
    this.#held.add(undefined, cost, key, nowMs);
    return atMs;
  }
}
