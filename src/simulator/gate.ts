import { RateLog } from './rateLog.js';

/** The account page may be read once in this time, whatever the tier. */
const costsIntervalMs = 1_000;

/**
 * How fast a key may ask: every request of a key enters that key's log, polls too; reading the account's costs has a
 * log of its own beside it. A request that is refused here enters none.
 */
export class Gate {
  readonly #limit: number | 'off';
  readonly #intervalMs: number;
  readonly #logs = new Map<string, RateLog>();
  readonly #costs = new RateLog(1, costsIntervalMs);

  constructor(limit: number | 'off', intervalMs: number) {
    this.#limit = limit;
    this.#intervalMs = intervalMs;
  }

  /** How long the request has to wait, in ms; 0: it passes now, and is entered. */
  pass(keyId: string, readsCosts: boolean, nowMs: number): number {
    const log = this.#logOf(keyId);
    const costs = readsCosts ? this.#costs : undefined;
    const freeAtMs = Math.max(log?.freeAtMs() ?? -Infinity, costs?.freeAtMs() ?? -Infinity);
    if (freeAtMs > nowMs) return freeAtMs - nowMs;
    log?.record(nowMs);
    costs?.record(nowMs);
    return 0;
  }

  #logOf(keyId: string): RateLog | undefined {
    if (this.#limit === 'off') return undefined;
    let log = this.#logs.get(keyId);
    if (log === undefined) {
      log = new RateLog(this.#limit, this.#intervalMs);
      this.#logs.set(keyId, log);
    }
    return log;
  }
}
