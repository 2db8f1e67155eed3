import { Purse } from './purse.js';
import type { Letter } from './reply.js';
import { Wishes, type Granted } from './wishes.js';

/** Work that no budget will ever pay for, the first of its key and cost. */
export interface GivenUp {
  readonly key: unknown;
  readonly cost: string;
  readonly limit: string;
  readonly left: number;
}

/** What may start at an instant that is still to come. */
interface Ahead extends Granted {
  readonly id: number;
  readonly key: unknown;
  readonly startsAtMs: number;
}

/** What has come of some letters. */
export interface Opened {
  /** Of whom something may start now; it lies in the purse. */
  readonly keys: ReadonlySet<unknown>;
  readonly givenUp: readonly GivenUp[];
  /** What was granted to somebody who had left before. */
  readonly unwanted: readonly number[];
  /** True where one is missing: the next answer has it. */
  readonly hasGap: boolean;
}

/** What Redis has been told of who waits, and what it has decided about them: by letters, in their order. */
export class Inbox {
  readonly wishes: Wishes;
  readonly purse = new Purse();
  /** The number of the last letter that was read. */
  read = 0;
  /** What was granted and has not started yet, in the order in which it came. */
  #ahead: Ahead[] = [];

  constructor(process: string) {
    this.wishes = new Wishes(process);
  }

  /** @returns the leases of what has not started, and never will */
  beginAnew(process: string): readonly number[] {
    this.wishes.restart(process);
    this.read = 0;
    return [...this.giveBack(), ...this.purse.empty()];
  }

  get ahead(): readonly Ahead[] {
    return this.#ahead;
  }

  /** When the next of it may start; Infinity: there is none. */
  get startsAtMs(): number {
    return Math.min(...this.#ahead.map(({ startsAtMs }) => startsAtMs));
  }

  /** Nothing of what has not started yet is to start. @returns its leases */
  giveBack(): readonly number[] {
    const ids = this.#ahead.map(({ id }) => id);
    this.#ahead = [];
    return ids;
  }

  /** @param letters that have come now; without any, only what may start by now is seen to */
  open(letters: readonly Letter[], nowMs: number): Opened {
    const givenUp: GivenUp[] = [];
    const unwanted: number[] = [];
    for (const letter of letters) {
      const [number, id, lane] = letter;
      if (number <= this.read) continue;
      if (number > this.read + 1) return { keys: this.#due(nowMs), givenUp, unwanted, hasGap: true };
      this.read = number;
      if (letter.length === 4) {
        const wish = this.wishes.decided(lane);
        if (wish === undefined) unwanted.push(id);
        else this.#ahead.push({ ...wish, id, lane, startsAtMs: nowMs + letter[3] });
      } else {
        const [, , , limit, left, place] = letter;
        const wish = this.wishes.decided(lane, place);
        if (wish !== undefined) givenUp.push({ ...wish, limit, left });
      }
    }
    return { keys: this.#due(nowMs), givenUp, unwanted, hasGap: false };
  }

  /** What may start by now goes into the purse. */
  #due(nowMs: number): ReadonlySet<unknown> {
    const due = this.#ahead.filter(({ startsAtMs }) => startsAtMs <= nowMs);
    this.#ahead = this.#ahead.filter(({ startsAtMs }) => startsAtMs > nowMs);
    for (const { key, cost, id } of due) this.purse.put(key, cost, id);
    return new Set(due.map(({ key }) => key));
  }
}
