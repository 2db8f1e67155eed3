import type { Clock } from '../../clock.js';
import { OptionsError, StoreLostError } from '../../errors.js';
import type { AdmissionStore, Applicants } from '../../limiter/store.js';
import { checkCost, costIn, type Cost, type Waiter } from '../../limiter/waiter.js';
import type { Limit, Outcome } from '../../limits/limit.js';
import { WakeUp } from '../../wakeUp.js';
import { ClosableClock } from '../closableClock.js';
import { subscribe } from '../subscription.js';
import { Agenda } from './agenda.js';
import { elsewhere } from './elsewhere.js';
import { Exchange, type ExchangeOptions, type ExchangeOwner } from './exchange.js';
import { Held } from './held.js';
import type { Holding } from './holdings.js';
import { Inbox } from './inbox.js';
import { LocalShare } from './localShare.js';
import type { MirroredLimit, MirrorOwner } from './mirroredLimit.js';
import type { Memory, News } from './news.js';
import { OwnQueue } from './ownQueue.js';
import { parseMessage, type Decided, type Letter } from './reply.js';
import type { GateNews, SharedGate } from './sharedGate.js';
import { SharedPlan, type PlanNews } from './sharedPlan.js';
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

/** How often a process says that it is there, in ms. */
const presenceMs = 600_000;

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
  readonly #inbox: Inbox;
  readonly #held = new Held();
  readonly #queue = new OwnQueue();
  readonly #agenda: Agenda;
  /** When what was granted ahead may start. */
  readonly #starts: WakeUp;
  #memory: Memory | undefined = undefined;
  /** What was composed last. */
  #telling: { readonly news: News; readonly plan: PlanNews } | undefined = undefined;
  #presentAtMs = -Infinity;
  #hasNewsOfQueue = false;
  /** True where keys may have other figures than Redis knows. */
  #hasNewsOfKeys = false;
  /** True where nothing is left here after the call that is on its way. */
  #isLastCall = false;
  /** How many processes there are, with those that are at rest. Until that is known, any number of others may share. */
  #peers = Infinity;
  #alone: LocalShare | undefined = undefined;
  #unsubscribe: (() => void) | undefined = undefined;

  constructor(options: ProcessStoreOptions, base: string, gate: (tell: (news: GateNews) => void) => SharedGate) {
    this.#options = options;
    this.#clock = new ClosableClock(options.clock);
    this.gate = gate((news) => {
      this.#giveBack();
      this.#held.news.gate.push(news);
      this.#exchange.ask();
    });
    this.#plan = new SharedPlan(options.limits, this.gate.rampStepMs, this);
    this.#exchange = new Exchange({ ...options, clock: this.#clock }, base, this);
    this.#inbox = new Inbox(this.#exchange.process);
    this.#agenda = new Agenda(this.#clock, options.leaseMs, () => this.#exchange.ask());
    this.#starts = new WakeUp(this.#clock, () => this.#start());
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
    if (this.#alone !== undefined) return;
    if (this.#exchange.isLost && this.#options.onStoreLost === 'fail') {
      this.#giveUpAll(this.#exchange.lastError);
      // Where the last call was refused for good, nobody else would find out that Redis is back.
      this.#exchange.ask();
      return;
    }
    this.#listen();
    const { wishes } = this.#inbox;
    // Behind one of its own it is in no hurry to be known.
    const isInNoHurry = wishes.isWaitedFor(place);
    if (wishes.isFull && (isInNoHurry || !wishes.comesBefore(place))) {
      wishes.comesLater(place);
      return;
    }
    this.#hasNewsOfQueue = true;
    this.#tellWithin(isInNoHurry ? arrivalLingerMs : 0);
  }

  left(): void {
    if (this.#inbox.wishes.count === 0) return;
    this.#hasNewsOfQueue = true;
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
    this.#giveBack();
    this.#plan.change(limit, change, this.#clock.now());
    if (limit.isKeyed === true) this.#hasNewsOfKeys = true;
    this.#exchange.ask();
  }

  adjusted(limit: MirroredLimit, delta: number, takenAtMs: number, key: unknown): void {
    const wallMs = this.#exchange.wallMs - (this.#clock.now() - takenAtMs);
    this.#held.news.adjust.push([limit.name, delta, keyText(key), this.#plan.dateOf(limit, key, wallMs)]);
    this.#exchange.ask();
  }

  slotTold(what: 'refused' | 'granted', cost: number, takenAtMs: number, key: unknown): void {
    if (this.#held.slotTold(what, cost, takenAtMs, key)) this.#exchange.ask();
  }

  /** Tells what has ended, and lets go of the connection; what is held is held until its lease runs out. */
  async close(): Promise<void> {
    if (!this.#held.news.isEmpty) this.#exchange.ask();
    const isOver = new Promise<void>((resolve) => this.#clock.schedule(closingMs, resolve));
    await Promise.race([this.#exchange.settled(), isOver]);
    this.#clock.close();
    this.#unsubscribe?.();
  }

  compose(): object {
    const nowMs = this.#clock.now();
    const { wishes, read, ahead } = this.#inbox;
    const [news, plan] = [this.#held.takeNews(), this.#plan.takeNews()];
    this.gate.telling();
    this.#telling = { news, plan };
    const memory = this.#memory;
    this.#memory = undefined;
    this.#agenda.telling();
    const isQueueNews = this.#hasNewsOfQueue || wishes.isLow;
    const { drop, want } = isQueueNews ? wishes.compare(this.#queue.inOrder(), ahead) : { drop: [], want: [] };
    if (this.#hasNewsOfKeys) want.push(...wishes.again());
    this.#hasNewsOfQueue = false;
    this.#hasNewsOfKeys = false;
    const leases = memory?.leases.length ?? 0;
    this.#isLastCall = this.#held.size + leases + ahead.length + wishes.count === 0;
    return {
      ...plan,
      ...news.told(nowMs),
      read,
      recover: memory,
      isPresent: this.#isPresent(nowMs) || undefined,
      drop: drop.length > 0 ? drop : undefined,
      want:
        want.length > 0
          ? want.map(({ place, key, costs }) => [...place, costs, this.#plan.ownFigures(key) ?? {}])
          : undefined,
      isIdle: this.#isLastCall,
    };
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
    const hasGap = this.#open(answer.mail);
    // Redis has forgotten this life, or letters of it: what comes next is told in another.
    if (hasGap || (this.#isLastCall && answer.mail.length === 0)) this.#beginAnew();
    this.#refill();
  }

  startOver(hasLostData: boolean, isDone: boolean): void {
    if (!isDone && this.#telling !== undefined) {
      this.#held.news.putBack(this.#telling.news);
      this.#plan.putBack(this.#telling.plan);
    }
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
    if (this.#held.size === 0 && this.#telling?.news.isEmpty !== false) this.#beginAnew();
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

  /** To be known beyond what is under way, for those who may have to share without Redis. */
  #isPresent(nowMs: number): boolean {
    if (this.#options.onStoreLost !== 'local-share' || nowMs - this.#presentAtMs < presenceMs) return false;
    this.#presentAtMs = nowMs;
    return true;
  }

  #end(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome | 'refund', key: unknown): void {
    const holding = this.#held.end(cost, takenAtMs, key, outcome);
    if (holding === undefined) return;
    holding.endedAtMs = nowMs;
    if (this.#alone !== undefined) {
      this.#alone.ended(holding, nowMs, outcome);
      if (holding.isSpent !== true && outcome !== 'refund') this.#tellSpent(holding);
    }
    if (holding.id !== undefined) this.#endLease(holding.id, nowMs, outcome, holding);
  }

  /** What was let in without Redis has been taken of no quota there. */
  #tellSpent({ cost, takenAtMs, key }: Holding): void {
    for (const limit of this.limits) {
      const units = limit.kind === 'quota' ? costIn(limit, cost) : 0;
      if (units > 0) this.adjusted(limit, units, takenAtMs, key);
    }
  }

  #endLease(id: number, atMs: number, outcome: Outcome | 'refund', holding?: Holding): void {
    this.#held.news.ends.push({ id, atMs, outcome, holding });
    const { endsMakeRoom, lingerMs } = this.#options;
    // What time alone lets in, no end lets in before; where slots are held, too, it is told with the call of that instant.
    // Where keys have limits of their own, it is one key that waits for time, and others may wait for an end.
    const { untilOpenMs } = this.#agenda;
    const isHeldByTime = untilOpenMs > 0 && untilOpenMs < Infinity && !this.#plan.isKeyed;
    const makesRoom = outcome === 'refund' || this.gate.round !== Infinity || (endsMakeRoom && !isHeldByTime);
    if (makesRoom) this.#tellWithin(0);
    else this.#tellWithin(endsMakeRoom ? Math.min(lingerMs, untilOpenMs) : lingerMs);
  }

  #tellWithin(ms: number): void {
    if (ms === 0) {
      this.#exchange.ask();
      return;
    }
    this.#agenda.tellWithin(ms);
    this.#setTimer();
  }

  /** @returns true where a letter is missing */
  #open(letters: readonly Letter[]): boolean {
    const nowMs = this.#clock.now();
    const { keys, givenUp, unwanted, hasGap } = this.#inbox.open(letters, nowMs);
    this.#starts.at(this.#inbox.startsAtMs);
    for (const each of givenUp) this.#queue.giveUp(each);
    if (this.gate.isClosedUnknown(nowMs)) {
      this.#hasNewsOfQueue = true;
      this.#giveBack();
    } else if (keys.size > 0) this.#queue.admit(keys);
    // Whoever it was for has left, or is to wait anew.
    for (const id of [...unwanted, ...this.#inbox.purse.empty()]) this.#endLease(id, nowMs, 'refund');
    return hasGap;
  }

  #heard(text: string): void {
    const message = parseMessage(text);
    if (message?.to !== this.#exchange.process) return;
    if (message.isRecalled) this.#giveBack();
    // Who was stopped for long does not know whether what has come is still his.
    if (!this.#exchange.isSure) {
      this.#exchange.ask();
      return;
    }
    const { mail, wakeMs, isOurs, seq, asks } = message;
    this.#agenda.turn(wakeMs, isOurs, seq);
    // What is missing comes with the next answer.
    if (this.#open(mail) || asks) this.#exchange.ask();
    this.#refill();
  }

  /** The instant has come of something that was granted ahead: it starts, unless it is not known whether it is still ours. */
  #start(): void {
    if (!this.#exchange.isSure || this.gate.closedUntil(this.#clock.now()) !== undefined) this.#giveBack();
    this.#open([]);
  }

  /** What was granted ahead and has not started waits again. */
  #giveBack(): void {
    const ids = this.#inbox.giveBack();
    if (ids.length === 0) return;
    this.#hasNewsOfQueue = true;
    for (const id of ids) this.#endLease(id, this.#clock.now(), 'refund');
  }

  /** Tells Redis of more of the queue where it knows little, and sets the timer. */
  #refill(): void {
    const { wishes, ahead } = this.#inbox;
    if (wishes.isLow && this.#queue.waiting > wishes.count + ahead.length) this.#exchange.ask();
    this.#setTimer();
  }

  #setTimer(): void {
    const isWaiting = this.#inbox.wishes.count > 0;
    this.#agenda.set(isWaiting, isWaiting || this.#held.size > 0 || !this.#held.news.isEmpty);
  }

  #listen(): void {
    const { client, prefix } = this.#options;
    this.#unsubscribe ??= subscribe(client, `${prefix}:${this.#exchange.base}`, {
      message: (text) => this.#heard(text),
      ready: () => {
        if (this.#inbox.wishes.count > 0) this.#exchange.ask();
      },
      ended: () => (this.#unsubscribe = undefined),
    });
  }

  /** Another life: Redis is told of what runs as of something that it does not know. */
  #beginAnew(hasLostData = false): void {
    const nowMs = this.#clock.now();
    const hasRunAlone = this.#alone !== undefined || this.#memory?.hasRunAlone === true;
    const { process } = this.#exchange;
    const { read, wishes } = this.#inbox;
    const wasWaiting = wishes.count > 0;
    this.#exchange.beginAnew();
    const unstarted = this.#inbox.beginAnew(this.#exchange.process);
    this.#agenda.beginAnew();
    this.#plan.tellAgain();
    this.#hasNewsOfQueue = this.#queue.waiting > 0;
    this.#alone = undefined;
    const { leases, unused } = this.#held.beginAnew(nowMs, hasLostData);
    const totals = hasLostData ? this.#plan.totals() : [];
    const former = this.#memory?.former ?? [process, read, [...unused, ...unstarted]];
    if (leases.length + totals.length + former[2].length === 0 && !hasRunAlone && !wasWaiting) return;
    this.#memory = { leases, totals, hasRunAlone, former };
  }

  #reclaimed(ids: readonly number[]): void {
    for (const holding of this.#held.reclaimed(ids)) {
      const { id, outcome = 'unknown', endedAtMs = this.#clock.now() } = holding;
      if (id !== undefined) this.#endLease(id, endedAtMs, outcome, holding);
    }
  }

  #giveUpAll(cause: unknown): void {
    const { name, onStoreLost } = this.#options;
    const advice =
      onStoreLost === 'fail'
        ? 'try again once Redis is back, or choose onStoreLost: "wait"'
        : 'see to the client, its password and its access rules';
    this.#hasNewsOfQueue = true;
    this.#queue.giveUpAll(new StoreLostError(name, advice, cause));
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
