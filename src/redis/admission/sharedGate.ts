import { readableHint } from '../../backoff/backoff.js';
import { refusalMs, type CoolDownSettings, type Gate } from '../../limiter/coolDown.js';
import type { Refusal } from '../../refusal.js';
import { micros } from './plan.js';

/** What happened to the cool-down, as the script is told. */
export type GateNews =
  | readonly ['close', delayUs: number, ramp: boolean]
  | readonly ['refuse', hintUs: number, delaysUs: readonly number[], burstUs: number];

/** The cool-down that all processes share: what happens here is told, and holds here at once. */
export class SharedGate implements Gate {
  readonly #options: CoolDownSettings;
  readonly #random: () => number;
  readonly #tell: (news: GateNews) => void;
  #openAtMs = -Infinity;
  /** How often it was closed here; how often as Redis was told last; and as it had been told when it answered. */
  #closings = 0;
  #told = 0;
  #known = 0;
  round = Infinity;

  constructor(options: CoolDownSettings, random: () => number, tell: (news: GateNews) => void) {
    this.#options = options;
    this.#random = random;
    this.#tell = tell;
  }

  get rampStepMs(): number {
    return this.#options.rampStepMs;
  }

  closedUntil(nowMs: number): number | undefined {
    return nowMs < this.#openAtMs ? this.#openAtMs : undefined;
  }

  /** True where it is closed, and Redis may have granted something without knowing that. */
  isClosedUnknown(nowMs: number): boolean {
    return this.#known < this.#closings && nowMs < this.#openAtMs;
  }

  close(delayMs: number, nowMs: number, ramp = true): void {
    this.#closings++;
    this.#openAtMs = Math.max(this.#openAtMs, nowMs + delayMs);
    if (ramp) this.round = 1;
    this.#tell(['close', micros(delayMs), ramp]);
  }

  /** How many there were in a row only Redis knows: it is told how long each would close for. */
  refuse(refusal: Refusal, nowMs: number): void {
    const hintMs = readableHint(refusal.hintMs) ?? 0;
    const { burstAfter } = this.#options;
    const delayAfter = (refusalsInARow: number): number =>
      micros(refusalMs(this.#options, refusal, refusalsInARow, this.#random));
    const delays = Array.from({ length: burstAfter - 1 }, (_, index) => delayAfter(index + 1));
    const burst = delayAfter(burstAfter);
    this.#closings++;
    this.round = 1;
    if (nowMs >= this.#openAtMs) this.#openAtMs = nowMs + Math.max(hintMs, (delays[0] ?? burst) / 1_000);
    this.#tell(['refuse', micros(hintMs), delays, burst]);
  }

  /** All that is to be told is on its way. */
  telling(): void {
    this.#told = this.#closings;
  }

  /** What Redis says of it is older than what has closed it here since that was asked. */
  heard(closedMs: number, round: number, nowMs: number): void {
    if (this.#told < this.#closings) return;
    this.#known = this.#told;
    this.#openAtMs = nowMs + closedMs;
    this.round = round < 0 ? Infinity : round;
  }
}
