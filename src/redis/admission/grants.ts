import type { Clock } from '../../clock.js';
import { WakeUp } from '../../wakeUp.js';
import type { Ends } from './ends.js';
import type { Inbox } from './inbox.js';
import type { OwnQueue } from './ownQueue.js';
import type { Letter } from './reply.js';
import type { SharedGate } from './sharedGate.js';
import type { Telling } from './telling.js';

export interface GrantsOptions {
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly queue: OwnQueue;
  readonly gate: SharedGate;
  readonly telling: Telling;
  readonly ends: Ends;
  /** True while nobody can have taken us for dead. */
  readonly isSure: () => boolean;
}

/** What Redis grants: it starts once its instant has come, or is given back. */
export class Grants {
  readonly #options: GrantsOptions;
  /** When what was granted ahead may start. */
  readonly #starts: WakeUp;

  constructor(options: GrantsOptions) {
    this.#options = options;
    this.#starts = new WakeUp(options.clock, () => this.#start());
  }

  /** @returns true where a letter is missing */
  open(letters: readonly Letter[]): boolean {
    const { clock, inbox, queue, gate, telling, ends } = this.#options;
    const nowMs = clock.now();
    const { keys, givenUp, unwanted, hasGap } = inbox.open(letters, nowMs);
    this.#starts.at(inbox.startsAtMs);
    for (const each of givenUp) queue.giveUp(each);
    if (gate.isClosedUnknown(nowMs)) {
      telling.queueChanged();
      this.giveBack();
    } else if (keys.size > 0) queue.admit(keys);
    // Whoever it was for has left, or is to wait anew.
    for (const id of [...unwanted, ...inbox.purse.empty()]) ends.add(id, nowMs, 'refund');
    return hasGap;
  }

  /** What was granted ahead and has not started waits again. */
  giveBack(): void {
    const { clock, inbox, telling, ends } = this.#options;
    const ids = inbox.giveBack();
    if (ids.length > 0) telling.queueChanged();
    for (const id of ids) ends.add(id, clock.now(), 'refund');
  }

  /** The instant has come of something that was granted ahead: it starts, unless it is not known whether it is still ours. */
  #start(): void {
    const { clock, gate, isSure } = this.#options;
    if (!isSure() || gate.closedUntil(clock.now()) !== undefined) this.giveBack();
    this.open([]);
  }
}
