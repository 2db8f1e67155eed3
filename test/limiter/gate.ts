/**
 * A cool-down and the ramp after it, kept by hand: closed, then one probe, then rounds of 2, 4, 8 ... Work is known by
 * the instant at which it started: what started as a round began, or since, is that round's.
 */
export class Gate {
  readonly #rampStepMs: number;
  #openAtMs = -Infinity;
  #round = { letsIn: Infinity, sinceMs: 0, entered: 0, endedWell: 0 };

  constructor(rampStepMs: number) {
    this.#rampStepMs = rampStepMs;
  }

  close(untilMs: number): void {
    this.#openAtMs = Math.max(this.#openAtMs, untilMs);
    this.#begin(1, this.#openAtMs);
  }

  /** Whether one more may enter; a full round is over after a while, however its work ends. */
  letsIn(nowMs: number): boolean {
    if (nowMs < this.#openAtMs) return false;
    const { letsIn, sinceMs, entered } = this.#round;
    return entered < letsIn || nowMs >= sinceMs + this.#rampStepMs;
  }

  /** As one enters, a round that is over gives way to the next. */
  enter(nowMs: number): void {
    if (this.#round.entered >= this.#round.letsIn) this.#begin(this.#round.letsIn * 2, nowMs);
    if (this.#round.entered++ === 0) this.#round.sinceMs = nowMs;
  }

  endedWell(startMs: number, nowMs: number): void {
    if (startMs < this.#openAtMs || startMs < this.#round.sinceMs) return;
    this.#round.endedWell += 1;
    if (this.#round.endedWell === this.#round.letsIn) this.#begin(this.#round.letsIn * 2, nowMs);
  }

  takeBack(startMs: number): void {
    if (startMs >= this.#round.sinceMs && this.#round.entered > 0) this.#round.entered -= 1;
  }

  #begin(letsIn: number, sinceMs: number): void {
    this.#round = { letsIn: letsIn > 256 ? Infinity : letsIn, sinceMs, entered: 0, endedWell: 0 };
  }
}
