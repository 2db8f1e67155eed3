import { Purse } from './purse.js';
import type { Letter } from './reply.js';
import { Wishes } from './wishes.js';

/** Work that no budget will ever pay for, the first of its key and cost. */
export interface GivenUp {
  readonly key: unknown;
  readonly cost: string;
  readonly limit: string;
  readonly left: number;
}

/** What has come of some letters. */
export interface Opened {
  /** Of whom something was granted; it lies in the purse. */
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

  constructor(process: string) {
    this.wishes = new Wishes(process);
  }

  beginAnew(process: string): void {
    this.wishes.restart(process);
    this.purse.empty();
    this.read = 0;
  }

  open(letters: readonly Letter[]): Opened {
    const keys = new Set<unknown>();
    const givenUp: GivenUp[] = [];
    const unwanted: number[] = [];
    for (const [number, id, lane, limit = '', left = 0, place = 0] of letters) {
      if (number <= this.read) continue;
      if (number > this.read + 1) return { keys, givenUp, unwanted, hasGap: true };
      this.read = number;
      const wish = this.wishes.decided(lane, place);
      if (id === 0) {
        if (wish !== undefined) givenUp.push({ ...wish, limit, left });
      } else if (wish === undefined) unwanted.push(id);
      else {
        this.purse.put(wish.key, wish.cost, id);
        keys.add(wish.key);
      }
    }
    return { keys, givenUp, unwanted, hasGap: false };
  }
}
