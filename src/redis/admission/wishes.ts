import { OptionsError } from '../../errors.js';
import type { Cost } from '../../limiter/cost.js';
import type { Place } from '../../limiter/place.js';
import type { Waiter } from '../../limiter/waiter.js';

/** How many of those who wait are known to Redis at once: enough for what one answer lets in. */
const mostRegistered = 128;

/** The place of a lane: its priority, its key as JSON, and its name. */
export type LanePlace = readonly [priority: string, key: string, name: string];

export interface Wish {
  readonly place: LanePlace;
  readonly key: unknown;
  /** As JSON, in the order of their turns. */
  readonly costs: string[];
}

/** Of whom something was granted. */
export interface Granted {
  readonly lane: number;
  readonly cost: string;
}

interface Lane {
  readonly place: LanePlace;
  readonly number: number;
  readonly key: unknown;
  readonly priority: number;
  /** What Redis has been told of and has not decided: the costs as JSON, the next first. */
  registered: string[];
  /** True where others wait behind those. */
  hasMore: boolean;
}

/** Lanes that are empty are kept for their turns, up to so many. */
const mostLanes = 1_024;

/** Who of this process waits, as Redis knows it: the first of the queue, in lanes by priority and key. */
export class Wishes {
  #process: string;
  readonly #lanes = new Map<string, Lane>();
  readonly #byNumber = new Map<number, Lane>();
  #numbered = 0;
  #registered = 0;
  /** True where Redis knows of nobody more in a lane in which more wait. */
  #isShort = false;

  constructor(process: string) {
    this.#process = process;
  }

  /** How many of those who wait are known to Redis. */
  get count(): number {
    return this.#registered;
  }

  get isFull(): boolean {
    return this.#registered >= mostRegistered;
  }

  /** True where more of the queue should be told. */
  get isLow(): boolean {
    return this.#isShort || this.#registered <= mostRegistered / 2;
  }

  /** True where Redis knows of one with this key and priority. */
  isWaitedFor({ key, priority }: Place): boolean {
    const lane = this.#lanes.get(laneId(String(priority), keyText(key)));
    return lane !== undefined && lane.registered.length > 0;
  }

  /** True where one who comes there goes before some of whom Redis knows: of a higher priority, or in turn with another key. */
  comesBefore({ priority }: Place): boolean {
    for (const { registered, priority: other } of this.#lanes.values()) {
      if (registered.length > 0 && other < priority) return true;
      if (registered.length > 1 && other === priority) return true;
    }
    return false;
  }

  /** Nobody more, and all whom Redis knows of: what holds for their keys has changed. */
  again(): Wish[] {
    const known = [...this.#lanes.values()].filter(({ registered }) => registered.length > 0);
    return known.map(({ place, key }) => ({ place, key, costs: [] }));
  }

  /** One has come there, of whom Redis is not told yet. */
  comesLater({ key, priority }: Place): void {
    const lane = this.#lanes.get(laneId(String(priority), keyText(key)));
    if (lane !== undefined) lane.hasMore = true;
  }

  /** Redis knows of nothing: all begins anew, under another name. */
  restart(process: string): void {
    this.#process = process;
    this.#lanes.clear();
    this.#byNumber.clear();
    this.#registered = 0;
    this.#isShort = false;
  }

  /**
   * What Redis is to be told, so that it knows the first of the queue again.
   *
   * @param granted who of it has been granted something and has not started yet
   */
  compare(queue: Iterable<Waiter>, granted: Iterable<Granted>): { readonly drop: LanePlace[]; readonly want: Wish[] } {
    const { waiting, isWhole } = this.#firstOf(queue);
    for (const { lane, cost } of granted) {
      const costs = waiting.get(this.#byNumber.get(lane)!);
      const index = costs?.indexOf(cost) ?? -1;
      if (index >= 0) costs!.splice(index, 1);
    }
    this.#isShort = false;
    const drop: LanePlace[] = [];
    const want: Wish[] = [];
    // Where the whole queue was seen, whoever is registered beside it has left.
    for (const lane of isWhole ? [...this.#lanes.values()] : waiting.keys()) {
      const costs = waiting.get(lane) ?? [];
      const hasLeft = lane.registered.some((cost, index) => (index < costs.length ? cost !== costs[index] : isWhole));
      if (hasLeft) {
        drop.push(lane.place);
        this.#registered -= lane.registered.length;
        lane.registered = [];
      }
      const added = costs.slice(lane.registered.length);
      if (added.length === 0) continue;
      lane.registered.push(...added);
      this.#registered += added.length;
      want.push({ place: lane.place, key: lane.key, costs: added });
    }
    this.#forgetEmpty();
    return { drop, want };
  }

  /** The next one of a lane, or the one at that place, has been decided; undefined where it is not waited for any more. */
  decided(number: number, place = 0): { readonly cost: string; readonly key: unknown } | undefined {
    const lane = this.#byNumber.get(number);
    const cost = lane?.registered.splice(place, 1)[0];
    if (lane === undefined || cost === undefined) return undefined;
    this.#registered--;
    if (lane.registered.length === 0 && lane.hasMore) this.#isShort = true;
    return { cost, key: lane.key };
  }

  #firstOf(queue: Iterable<Waiter>): { readonly waiting: ReadonlyMap<Lane, string[]>; readonly isWhole: boolean } {
    const waiting = new Map<Lane, string[]>();
    let count = 0;
    for (const { cost, place, next } of queue) {
      if (count++ === mostRegistered) return { waiting, isWhole: false };
      const lane = this.#laneOf(place);
      lane.hasMore = next !== undefined;
      const costs = waiting.get(lane);
      if (costs === undefined) waiting.set(lane, [costText(cost)]);
      else costs.push(costText(cost));
    }
    return { waiting, isWhole: true };
  }

  #laneOf({ key, priority, weight }: Place): Lane {
    const keyJson = keyText(key);
    const id = laneId(String(priority), keyJson);
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      const number = this.#numbered++;
      lane = {
        place: [String(priority), keyJson, `${this.#process}/${number}/${weight}`],
        number,
        key,
        priority,
        registered: [],
        hasMore: false,
      };
      this.#lanes.set(id, lane);
      this.#byNumber.set(number, lane);
    }
    return lane;
  }

  #forgetEmpty(): void {
    if (this.#lanes.size <= mostLanes) return;
    for (const [id, lane] of this.#lanes) {
      if (lane.registered.length > 0) continue;
      this.#lanes.delete(id);
      this.#byNumber.delete(lane.number);
    }
  }
}

function laneId(priority: string, key: string): string {
  return `${priority}\n${key}`;
}

export function costText(cost: Cost): string {
  return typeof cost === 'number' ? String(cost) : JSON.stringify(cost);
}

/** @throws OptionsError for a key that other processes could not know again */
export function keyText(key: unknown): string {
  if (key === undefined) return '';
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return JSON.stringify(key);
  throw new OptionsError(`key: where limits are shared it must be a string or a number (got ${typeof key})`, 'key');
}
