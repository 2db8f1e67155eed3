import type { Clock } from '../../clock.js';
import { WakeUp } from '../../wakeUp.js';

/**
 * When a process asks Redis next, if nothing happens before: as its turn may come, as it is to be renewed, or as what can
 * wait for company has waited long enough. One timer for all of it, and none where there is nothing to ask for.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #timer: WakeUp;
  #turnAtMs = Infinity;
  /** Which of Redis' decisions says so. */
  #turnSeq = 0;
  /** When somebody may be let in without anything ending before, as far as is known. */
  #opensAtMs = Infinity;
  #tellByMs = Infinity;
  #calledAtMs = -Infinity;
  #processes = 1;

  constructor(clock: Clock, leaseMs: number, ask: () => void) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#timer = new WakeUp(clock, ask);
  }

  /** All that is to be told is on its way. */
  telling(): void {
    this.#tellByMs = Infinity;
    this.#turnAtMs = Infinity;
  }

  called(atMs: number, processes = this.#processes): void {
    this.#calledAtMs = atMs;
    this.#processes = processes;
  }

  /** In `wakeMs` somebody may be let in: it is for this process to ask, or for it if nobody else does. */
  turn(wakeMs: number, isOurs: boolean, seq: number): void {
    const opensAtMs = this.#clock.now() + wakeMs;
    if (seq >= this.#turnSeq) this.#opensAtMs = opensAtMs;
    this.#setTurn(opensAtMs + (isOurs ? 0 : this.#backupMs()), seq);
  }

  /** From now until time alone lets somebody in, in ms; Infinity: something has to end, or nobody waits. */
  get untilOpenMs(): number {
    return this.#opensAtMs - this.#clock.now();
  }

  tellWithin(ms: number): void {
    this.#tellByMs = Math.min(this.#tellByMs, this.#clock.now() + ms);
  }

  beginAnew(): void {
    this.#turnAtMs = Infinity;
    this.#opensAtMs = Infinity;
    this.#turnSeq = 0;
  }

  /** @param isInvolved it holds something, or waits, or has something to tell */
  set(isWaiting: boolean, isInvolved: boolean): void {
    const renewAtMs = isInvolved ? this.#calledAtMs + this.#leaseMs / 3 : Infinity;
    this.#timer.at(Math.min(isWaiting ? this.#turnAtMs : Infinity, renewAtMs, this.#tellByMs));
  }

  /** A message and an answer come by two ways, and the later one may come first. */
  #setTurn(atMs: number, seq: number): void {
    if (seq < this.#turnSeq) return;
    this.#turnSeq = seq;
    this.#turnAtMs = atMs;
  }

  /** How long after the one whose turn it is the others ask, should it not: so that only one of them does. */
  #backupMs(): number {
    return 100 + 20 * this.#processes;
  }
}
