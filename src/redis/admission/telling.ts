import type { Held } from './held.js';
import type { Inbox } from './inbox.js';
import type { Memory, News } from './news.js';
import type { OwnQueue } from './ownQueue.js';
import type { SharedGate } from './sharedGate.js';
import type { PlanNews, SharedPlan } from './sharedPlan.js';

export interface TellingOptions {
  readonly plan: SharedPlan;
  readonly gate: SharedGate;
  readonly held: Held;
  readonly inbox: Inbox;
  readonly queue: OwnQueue;
  /** True: to be known beyond what is under way, for those who may have to share without Redis. */
  readonly saysPresent: boolean;
}

/** A life that is over. */
export interface FormerLife {
  readonly process: string;
  /** The number of the last letter that it read. */
  readonly read: number;
  /** The leases of what was granted and has not started. */
  readonly unstarted: readonly number[];
  readonly wasWaiting: boolean;
  /** True where something started that Redis was not asked about. */
  readonly hasRunAlone: boolean;
}

/** How often a process says that it is there, in ms. */
const presenceMs = 600_000;

/** What a call tells Redis: what has happened since the one before; where a new life begins, what is known of the former, too. */
export class Telling {
  /** True where nothing is left here after the call that is on its way. */
  isLast = false;
  readonly #options: TellingOptions;
  #memory: Memory | undefined = undefined;
  /** What was composed last. */
  #composed: { readonly news: News; readonly plan: PlanNews } | undefined = undefined;
  #presentAtMs = -Infinity;
  #hasNewsOfQueue = false;
  #hasNewsOfKeys = false;

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  /** Others wait here than Redis knows. */
  queueChanged(): void {
    this.#hasNewsOfQueue = true;
  }

  /** Keys may have other figures than Redis knows. */
  keysChanged(): void {
    this.#hasNewsOfKeys = true;
  }

  /** True where the call that is on its way tells of nothing that has happened here. */
  get isEmpty(): boolean {
    return this.#composed?.news.isEmpty !== false;
  }

  compose(nowMs: number): object {
    const { plan, gate, held, inbox, queue } = this.#options;
    const { wishes, read, ahead } = inbox;
    const composed = { news: held.takeNews(), plan: plan.takeNews() };
    gate.telling();
    this.#composed = composed;
    const memory = this.#memory;
    this.#memory = undefined;
    const isQueueNews = this.#hasNewsOfQueue || wishes.isLow;
    const { drop, want } = isQueueNews ? wishes.compare(queue.inOrder(), ahead) : { drop: [], want: [] };
    if (this.#hasNewsOfKeys) want.push(...wishes.again());
    this.#hasNewsOfQueue = false;
    this.#hasNewsOfKeys = false;
    const leases = memory?.leases.length ?? 0;
    this.isLast = held.size + leases + ahead.length + wishes.count === 0;
    return {
      ...composed.plan,
      ...composed.news.told(nowMs),
      read,
      recover: memory,
      isPresent: this.#isPresent(nowMs) || undefined,
      drop: drop.length > 0 ? drop : undefined,
      want:
        want.length > 0
          ? want.map(({ place, key, costs }) => [...place, costs, plan.ownFigures(key) ?? {}])
          : undefined,
      isIdle: this.isLast,
    };
  }

  /** What was composed last was not done, and is to be told again. */
  putBack(): void {
    if (this.#composed === undefined) return;
    this.#options.held.news.putBack(this.#composed.news);
    this.#options.plan.putBack(this.#composed.plan);
  }

  /** In another life Redis is told of what runs as of something that it does not know. */
  beginAnew({ process, read, unstarted, wasWaiting, ...life }: FormerLife, nowMs: number, hasLostData: boolean): void {
    const { plan, held, queue } = this.#options;
    plan.tellAgain();
    this.#hasNewsOfQueue = queue.waiting > 0;
    const { leases, unused } = held.beginAnew(nowMs, hasLostData);
    const totals = hasLostData ? plan.totals() : [];
    const hasRunAlone = life.hasRunAlone || this.#memory?.hasRunAlone === true;
    // One that Redis has not heard of yet was none.
    const former = this.#memory?.former ?? [process, read, [...unused, ...unstarted]];
    if (leases.length + totals.length + former[2].length === 0 && !hasRunAlone && !wasWaiting) return;
    this.#memory = { leases, totals, hasRunAlone, former };
  }

  #isPresent(nowMs: number): boolean {
    if (!this.#options.saysPresent || nowMs - this.#presentAtMs < presenceMs) return false;
    this.#presentAtMs = nowMs;
    return true;
  }
}
