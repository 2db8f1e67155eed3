import type { Clock } from '../../clock.js';
import { BudgetSpentError, OptionsError, StoreLostError } from '../../errors.js';
import type { AdmissionStore, Applicants } from '../../limiter/store.js';
import { checkCost, type Cost, type Waiter } from '../../limiter/waiter.js';
import type { Limit, Outcome } from '../../limits/limit.js';
import { WakeUp } from '../../wakeUp.js';
import { subscribe } from '../subscription.js';
import { Days } from './days.js';
import { Exchange, type ExchangeOptions, type ExchangeOwner } from './exchange.js';
import { Holdings, type Holding } from './holdings.js';
import { LocalShare } from './localShare.js';
import { MirroredLimit, type MirrorOwner } from './mirroredLimit.js';
import { News, type Memory } from './news.js';
import { micros, planned } from './plan.js';
import { Purse } from './purse.js';
import { parseMessage, type Decided, type Letter } from './reply.js';
import type { GateNews, SharedGate } from './sharedGate.js';
import { costText, keyText, Wishes, type Wish } from './wishes.js';

export interface ProcessStoreOptions extends Omit<ExchangeOptions, 'clock'> {
  readonly name: string;
  readonly limits: readonly Limit[];
  readonly clock: Clock;
  readonly onStoreLost: 'wait' | 'fail' | 'local-share';
  /** How long the end of work may wait for company, in ms. */
  readonly lingerMs: number;
}

/** How long one more who waits may wait for company, before Redis is told, in ms. */
const arrivalLingerMs = 10;

/** How often a process says that it is there, in ms. */
const presenceMs = 600_000;

/** Work that waits for Redis is held back by its key, so that it stands in nobody's way whose answer has come. */
const elsewhere: Limit = {
  name: 'shared limits',
  kind: 'gate',
  isKeyed: true,
  capacity: Infinity,
  earliest: () => Infinity,
  take: () => undefined,
  release: () => undefined,
  refund: () => undefined,
  usage: () => ({ used: 0, capacity: Infinity, resetsAtMs: Infinity }),
};

/**
 * One process' face of limits that are kept in Redis. It decides nothing: who waits is told, what is granted comes by
 * answer or by message and is handed out at the next `tryAdmit`, and what ends is told with how long ago it did.
 */
export class ProcessStore implements AdmissionStore, ExchangeOwner, MirrorOwner {
  readonly limits: readonly MirroredLimit[];
  heldBy: Limit | undefined = undefined;
  readonly #options: ProcessStoreOptions;
  readonly #gate: SharedGate;
  readonly #exchange: Exchange;
  readonly #days = new Days();
  readonly #wishes: Wishes;
  readonly #purse = new Purse();
  readonly #holdings = new Holdings();
  readonly #timer: WakeUp;
  #applicants: Applicants | undefined = undefined;
  #news = new News();
  /** What the next call is to say of the limits: at the beginning of a life, and where they have changed. */
  #plan: string | undefined;
  #memory: Memory | undefined = undefined;
  readonly #tellsStarts: boolean;
  /** What Redis is being told to hold, in this order. */
  #reclaiming: readonly Holding[] = [];
  /** The number of the last letter that was read. */
  #read = 0;
  /** True where the plan is not news: for a server that has none. */
  #isBack = false;
  #presentAtMs = -Infinity;
  #hasNewsOfQueue = false;
  /** True where nothing is left here after the call that is on its way. */
  #isLastCall = false;
  #wakeAtMs = Infinity;
  /** Which of Redis' decisions says so. */
  #wakeSeq = 0;
  /** By when news are to be told, where they can wait for company. */
  #tellByMs = Infinity;
  #lastCallMs = -Infinity;
  #processes = 1;
  #peers = 1;
  #alone: LocalShare | undefined = undefined;
  #unsubscribe: (() => void) | undefined = undefined;

  constructor(options: ProcessStoreOptions, base: string, gate: (tell: (news: GateNews) => void) => SharedGate) {
    this.#options = options;
    this.limits = options.limits.map((limit) => new MirroredLimit(limit, this));
    this.#gate = gate((news) => {
      this.#news.gate.push(news);
      this.#exchange.ask();
    });
    this.#plan = this.#planned();
    this.#tellsStarts = this.#plan.includes('"countUntil":"start"');
    this.#exchange = new Exchange(options, base, this);
    this.#wishes = new Wishes(this.#exchange.process);
    this.#timer = new WakeUp(options.clock, () => this.#exchange.ask());
  }

  get gate(): SharedGate {
    return this.#gate;
  }

  serve(applicants: Applicants): void {
    this.#applicants = applicants;
  }

  check(cost: Cost): void {
    checkCost(this.limits, cost);
  }

  tryAdmit(cost: Cost, nowMs: number, key: unknown): number {
    if (this.#alone !== undefined) return this.#admitAlone(this.#alone, cost, nowMs, key);
    const id = this.#purse.take(key, cost);
    this.heldBy = elsewhere;
    if (id === undefined) return Infinity;
    this.#holdings.add({ id, cost, key, takenAtMs: nowMs, isWaiting: false, hasEnded: false });
    if (this.#tellsStarts) {
      this.#news.starts.push({ id, atMs: nowMs });
      this.#tellWithin(this.#options.lingerMs);
    }
    return nowMs;
  }

  arrived({ place }: Waiter): void {
    if (this.#alone !== undefined) return;
    if (this.#exchange.isLost && this.#options.onStoreLost === 'fail') return this.#giveUpAll(this.#exchange.lastError);
    this.#listen();
    if (this.#wishes.isFull) return;
    this.#hasNewsOfQueue = true;
    // Behind one of its own it is in no hurry to be known.
    if (this.#wishes.isWaitedFor(place)) this.#tellWithin(this.#options.lingerMs || arrivalLingerMs);
    else this.#exchange.ask();
  }

  left(): void {
    if (this.#wishes.count === 0) return;
    this.#hasNewsOfQueue = true;
    this.#exchange.ask();
  }

  release(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void {
    this.#end(cost, takenAtMs, nowMs, outcome, key);
  }

  refund(cost: Cost, takenAtMs: number, key: unknown): void {
    this.#end(cost, takenAtMs, this.#options.clock.now(), 'refund', key);
  }

  observeWall(): void {}

  changed(limit: Limit, change: unknown): void {
    const { original } = limit as MirroredLimit;
    original.update?.(change, this.#options.clock.now());
    const { initial } = change as { readonly initial?: number };
    if (initial !== undefined) this.#news.told[limit.name] = initial;
    this.#plan = this.#planned();
    this.#isBack = false;
    this.#exchange.ask();
  }

  adjusted(limit: Limit, delta: number, takenAtMs: number, key: unknown): void {
    const wallMs = this.#exchange.wallMs - (this.#options.clock.now() - takenAtMs);
    const figures = (limit as MirroredLimit).original.describe?.(key);
    const date = figures?.type === 'dailyQuota' ? this.#days.dateOf(figures.timeZone, wallMs) : '';
    this.#news.adjust.push([limit.name, delta, keyText(key), date]);
    this.#exchange.ask();
  }

  slotTold(what: 'refused' | 'granted', cost: number, takenAtMs: number, key: unknown): void {
    const holding = this.#holdings.find(cost, takenAtMs, key, what === 'granted');
    if (holding === undefined) return;
    holding.isWaiting = what === 'refused';
    if (holding.id === undefined) return;
    this.#news.slots.push([holding.id, what]);
    this.#exchange.ask();
  }

  /** Lets go of the connection; what is held is held until its lease runs out. */
  close(): void {
    this.#timer.at(Infinity);
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  compose(): object {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const news = this.#news;
    this.#news = new News();
    const plan = this.#plan;
    this.#plan = undefined;
    const isBack = this.#isBack;
    this.#isBack = false;
    this.#wakeAtMs = Infinity;
    const memory = this.#memory;
    this.#memory = undefined;
    this.#tellByMs = Infinity;
    const changes = this.#hasNewsOfQueue || this.#wishes.isLow ? this.#compared() : { drop: [], want: [] };
    this.#hasNewsOfQueue = false;
    this.#isLastCall = this.#holdings.size === 0 && this.#wishes.count === 0;
    return {
      read: this.#read,
      plan,
      isBack: isBack || undefined,
      isPresent: this.#isPresent(nowMs) || undefined,
      told: Object.keys(news.told).length > 0 ? news.told : undefined,
      recover: memory,
      starts: unlessEmpty(news.starts.map(({ id, atMs }) => [id, micros(Math.max(0, nowMs - atMs))])),
      ends: unlessEmpty(news.ends.map(({ id, atMs, outcome }) => [id, micros(Math.max(0, nowMs - atMs)), outcome])),
      slots: unlessEmpty(news.slots),
      adjust: unlessEmpty(news.adjust),
      gate: unlessEmpty(news.gate),
      drop: unlessEmpty(changes.drop),
      want: unlessEmpty(changes.want.map((wish) => this.#asTold(wish))),
      isIdle: this.#isLastCall,
    };
  }

  daysAround(epochMs: number): unknown {
    return this.#days.around(epochMs);
  }

  decided(answer: Decided, sentAtMs: number): void {
    const nowMs = this.#options.clock.now();
    this.#lastCallMs = sentAtMs;
    this.#processes = answer.processes;
    this.#peers = Math.max(answer.peers, answer.processes);
    this.#hear(answer, nowMs);
    if (this.#alone !== undefined) return;
    this.#reclaimed(answer.reclaimed);
    // After an answer that took too long it is not known whether what it grants is still ours.
    if (!this.#exchange.isSure) return this.#exchange.ask();
    const wakeMs = answer.wakeMs < 0 ? Infinity : answer.wakeMs + (answer.isOurs ? 0 : this.#backupMs());
    this.#wake(nowMs + wakeMs, answer.seq);
    this.#open(answer.mail);
    // Redis has forgotten this life; what comes next is told in another.
    if (this.#isLastCall && answer.mail.length === 0) this.#beginAnew();
    if (this.#isBehind) this.#exchange.ask();
    this.#setTimer();
  }

  startOver(hasLostData: boolean): void {
    this.#beginAnew({ hasLostData, hasRunAlone: this.#alone !== undefined });
    this.#exchange.ask();
  }

  differs(): void {
    const names = this.limits.map(({ name }) => `"${name}"`).join(', ');
    const error = new OptionsError(
      `limits: others share other limits than ${names} as "${this.#options.name}": give these a name of their own`,
      'limits',
    );
    for (const waiter of [...(this.#applicants?.inOrder() ?? [])]) this.#drop(waiter, error);
    this.#beginAnew();
  }

  failed(error: unknown): void {
    this.#lastCallMs = this.#options.clock.now();
    this.#giveUpAll(error);
    if (this.#holdings.size === 0) this.#beginAnew();
    this.#setTimer();
  }

  lost(error: unknown): void {
    const { clock, onStoreLost } = this.#options;
    this.#applicants?.tell({ type: 'store-lost', atMs: clock.now(), error });
    if (onStoreLost === 'fail') this.#giveUpAll(error);
    if (onStoreLost === 'local-share') this.#goAlone();
  }

  back(): void {
    this.#applicants?.tell({ type: 'store-back', atMs: this.#options.clock.now() });
    if (this.#alone === undefined) return;
    // What was done alone is told in a new life, and holds everybody back as long as it may count.
    this.#beginAnew({ hasRunAlone: true });
    this.#exchange.ask();
  }

  /** True where Redis should know more of the queue. */
  get #isBehind(): boolean {
    return this.#wishes.isLow && (this.#applicants?.waiting ?? 0) > this.#wishes.count;
  }

  #planned(): string {
    const limits = this.#options.limits.map((limit) => planned(limit));
    for (const { timeZone } of limits) if (typeof timeZone === 'string') this.#days.addZone(timeZone);
    return JSON.stringify({
      limits,
      rampStep: micros(this.#gate.rampStepMs),
      isKeyed: this.limits.some((limit) => limit.isKeyed === true),
      hasBudget: this.#options.limits.some((limit) => limit.left !== undefined),
    });
  }

  /** To be known beyond what is under way, for those who may have to share without Redis. */
  #isPresent(nowMs: number): boolean {
    if (this.#options.onStoreLost !== 'local-share' || nowMs - this.#presentAtMs < presenceMs) return false;
    this.#presentAtMs = nowMs;
    return true;
  }

  #compared(): ReturnType<Wishes['compare']> {
    return this.#wishes.compare(this.#applicants?.inOrder() ?? []);
  }

  /** A wish, with the figures of its key where they are the key's own. */
  #asTold({ place: [priority, keyJson, lane], key, costs }: Wish): readonly unknown[] {
    const own = this.#options.limits
      .filter((limit) => limit.isKeyed === true && key !== undefined)
      .map((limit) => [limit.name, planned(limit, key), planned(limit)] as const)
      .filter(([, figures, common]) => JSON.stringify(figures) !== JSON.stringify(common));
    for (const [, { timeZone }] of own) if (typeof timeZone === 'string') this.#days.addZone(timeZone);
    const figures = Object.fromEntries(own.map(([name, figures]) => [name, JSON.stringify(figures)]));
    return [priority, keyJson, lane, costs, ...(own.length > 0 ? [figures] : [])];
  }

  #end(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome | 'refund', key: unknown): void {
    const holding = this.#holdings.end(cost, takenAtMs, key, outcome);
    if (holding === undefined) return;
    this.#alone?.ended(holding, nowMs, outcome);
    // Where it is just being told anew, its id comes with the answer.
    if (holding.id === undefined) return;
    this.#endLease(holding.id, nowMs, outcome);
  }

  #endLease(id: number, atMs: number, outcome: Outcome | 'refund'): void {
    this.#news.ends.push({ id, atMs, outcome });
    // A refund makes room at once, and so may any end while entry ramps up.
    const isUrgent = outcome === 'refund' || this.#gate.round !== Infinity;
    this.#tellWithin(isUrgent ? 0 : this.#options.lingerMs);
  }

  #tellWithin(ms: number): void {
    if (ms === 0) return this.#exchange.ask();
    this.#tellByMs = Math.min(this.#tellByMs, this.#options.clock.now() + ms);
    this.#setTimer();
  }

  /** Letters in their order; one that is missing comes with the next answer. */
  #open(letters: readonly Letter[]): void {
    const keys = new Set<unknown>();
    for (const letter of letters) {
      const [number] = letter;
      if (number <= this.#read) continue;
      if (number > this.#read + 1) {
        this.#exchange.ask();
        break;
      }
      this.#read = number;
      this.#openOne(letter, keys);
    }
    if (keys.size === 0) return;
    this.#applicants?.admit(keys);
    // Whoever it was for has left.
    for (const id of this.#purse.empty()) this.#endLease(id, this.#options.clock.now(), 'refund');
  }

  #openOne([, id, lane, limit = '', left = 0, place = 0]: Letter, keys: Set<unknown>): void {
    const wish = this.#wishes.decided(lane, place);
    if (id === 0) {
      if (wish !== undefined) this.#unpayable(wish, limit, left);
    } else if (wish === undefined) this.#endLease(id, this.#options.clock.now(), 'refund');
    else {
      this.#purse.put(wish.key, wish.cost, id);
      keys.add(wish.key);
    }
  }

  #unpayable({ key, cost }: { readonly key: unknown; readonly cost: string }, limit: string, left: number): void {
    for (const waiter of this.#applicants?.inOrder() ?? []) {
      if (waiter.place.key !== key || costText(waiter.cost) !== cost) continue;
      const units = typeof waiter.cost === 'number' ? waiter.cost : (waiter.cost[limit] ?? 1);
      return this.#drop(waiter, new BudgetSpentError(limit, units, left));
    }
  }

  #hear({ usage, closedMs, round }: Decided, nowMs: number): void {
    this.#gate.heard(closedMs, round, nowMs);
    let isLess = false;
    for (const [index, limit] of this.limits.entries()) {
      const [used, capacity, resetsMs] = usage[index] ?? [0, limit.capacity, 0];
      const resetsAtMs = resetsMs < 0 ? Infinity : nowMs + resetsMs;
      isLess = limit.heard({ used, capacity, resetsAtMs }, nowMs, this.#exchange.wallMs) || isLess;
    }
    if (isLess) this.#applicants?.dropImpossible();
  }

  #heard(text: string): void {
    const message = parseMessage(text);
    if (message?.to !== this.#exchange.process) return;
    const nowMs = this.#options.clock.now();
    // Who was stopped for long does not know whether what has come is still his.
    if (!this.#exchange.isSure) return this.#exchange.ask();
    if (message.wakeMs !== undefined) this.#wake(nowMs + message.wakeMs, message.seq);
    else if (message.mail.length === 0) return this.#exchange.ask();
    else this.#wake(Math.max(this.#wakeAtMs, nowMs + this.#backupMs()), message.seq);
    this.#open(message.mail);
    if (this.#isBehind) this.#exchange.ask();
    this.#setTimer();
  }

  /** A message and an answer come by two ways, and the later one may come first. */
  #wake(atMs: number, seq: number): void {
    if (seq < this.#wakeSeq) return;
    this.#wakeSeq = seq;
    this.#wakeAtMs = atMs;
  }

  /** How long after the one whose turn it is the others ask, should it not: so that only one of them does. */
  #backupMs(): number {
    return 100 + 20 * this.#processes;
  }

  #setTimer(): void {
    const { leaseMs } = this.#options;
    const isInvolved = this.#holdings.size > 0 || this.#wishes.count > 0 || !this.#news.isEmpty;
    const renewAtMs = isInvolved ? this.#lastCallMs + leaseMs / 3 : Infinity;
    this.#timer.at(Math.min(this.#wishes.count > 0 ? this.#wakeAtMs : Infinity, renewAtMs, this.#tellByMs));
  }

  #listen(): void {
    const { client, prefix } = this.#options;
    this.#unsubscribe ??= subscribe(client, `${prefix}:${this.#exchange.base}`, {
      message: (text) => this.#heard(text),
      ready: () => {
        if (this.#wishes.count > 0) this.#exchange.ask();
      },
    });
  }

  /** Another life: Redis is told of what runs as of something that it does not know. */
  #beginAnew({ hasLostData = false, hasRunAlone = false } = {}): void {
    const nowMs = this.#options.clock.now();
    this.#exchange.beginAnew();
    this.#wishes.restart(this.#exchange.process);
    this.#purse.empty();
    this.#news.forgetLeases();
    this.#read = 0;
    this.#wakeSeq = 0;
    this.#hasNewsOfQueue = (this.#applicants?.waiting ?? 0) > 0;
    // A change that was not told yet is news all the same.
    this.#isBack = this.#plan === undefined || this.#isBack;
    this.#plan = this.#planned();
    this.#alone = undefined;
    this.#reclaiming = [...this.#holdings.all()];
    for (const holding of this.#reclaiming) holding.id = undefined;
    const totals = hasLostData ? this.#totals() : [];
    if (this.#reclaiming.length + totals.length === 0 && !hasRunAlone) return;
    const leases = this.#reclaiming.map(
      ({ cost, key, takenAtMs }) => [cost, keyText(key), micros(nowMs - takenAtMs)] as const,
    );
    this.#memory = { leases, totals, hasRunAlone };
    this.#wakeAtMs = Infinity;
  }

  #totals(): Memory['totals'] {
    return this.limits
      .filter((limit) => limit.kind === 'quota' && limit.isKeyed !== true)
      .map((limit) => {
        const figures = limit.original.describe?.();
        const zone = figures?.type === 'dailyQuota' ? figures.timeZone : undefined;
        const { used } = limit.lastHeard;
        return [limit.name, used, zone === undefined ? '' : this.#days.dateOf(zone, limit.lastHeard.epochMs)] as const;
      })
      .filter(([, used]) => used > 0);
  }

  #reclaimed(ids: readonly number[]): void {
    for (const [index, holding] of this.#reclaiming.entries()) {
      holding.id = ids[index];
      if (holding.hasEnded && holding.id !== undefined) {
        this.#endLease(holding.id, this.#options.clock.now(), holding.outcome ?? 'unknown');
      }
    }
    this.#reclaiming = [];
  }

  #giveUpAll(cause: unknown): void {
    const { name, onStoreLost } = this.#options;
    const advice =
      onStoreLost === 'fail'
        ? 'try again once Redis is back, or choose onStoreLost: "wait"'
        : 'see to the client, its password and its access rules';
    this.#hasNewsOfQueue = true;
    const waiters = [...(this.#applicants?.inOrder() ?? [])];
    for (const waiter of waiters) this.#drop(waiter, new StoreLostError(name, advice, cause));
  }

  #drop(waiter: Waiter, error: Error): void {
    if (waiter.isQueued) this.#applicants?.drop(waiter, error);
  }

  #goAlone(): void {
    const { clock, graceMs } = this.#options;
    this.#alone = new LocalShare({
      limits: this.limits,
      share: 1 / Math.max(1, this.#peers),
      clock,
      holdings: this.#holdings.all(),
      closedMs: graceMs,
    });
    this.#applicants?.admit(new Set([...this.#applicants.inOrder()].map(({ place }) => place.key)));
  }

  #admitAlone(alone: LocalShare, cost: Cost, nowMs: number, key: unknown): number {
    const atMs = alone.store.tryAdmit(cost, nowMs, key);
    this.heldBy = alone.store.heldBy;
    if (atMs <= nowMs)
      this.#holdings.add({ id: undefined, cost, key, takenAtMs: nowMs, isWaiting: false, hasEnded: false });
    return atMs;
  }
}

function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}
