import type { RefusalMeaning } from '../../src/refusal.js';
import { RateLog } from '../../src/simulator/rateLog.js';
import type { Settings } from './scenario.js';

/** How a server answers: it takes the work, or refuses it for one of these. */
export type Verdict = 'served' | RefusedAs;
export type RefusedAs = 'too fast' | 'no slot' | 'fault' | 'outage';

export interface Answer {
  readonly verdict: Verdict;
  /** How long it asks to wait, in ms. */
  readonly hintMs?: number;
}

/** One that reached the server. */
export interface Sighting {
  readonly atMs: number;
  readonly isOurs: boolean;
}

/** A number that changes at instants. */
export interface Level {
  readonly atMs: number;
  readonly level: number;
}

/**
 * The judge: a server that counts what reaches it, exactly, and refuses what is too much. It knows nothing of limiters;
 * what is limited there is for it to see. A request that it finds too fast enters no window.
 */
export class StrictServer {
  readonly seen: Sighting[] = [];
  readonly busy: Level[] = [{ atMs: 0, level: 0 }];
  readonly #settings: Settings;
  readonly #random: () => number;
  readonly #log: RateLog | undefined;
  #busy = 0;

  constructor(settings: Settings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
    const { serverWindow, serverLimit, serverIntervalMs } = settings;
    this.#log = serverWindow ? new RateLog(serverLimit, serverIntervalMs) : undefined;
  }

  /** A request has come. Where it is served, `end` must follow. */
  receive(atMs: number, isOurs: boolean): Answer {
    this.seen.push({ atMs, isOurs });
    const answer = this.#answer(atMs);
    if (answer.verdict === 'served') this.#work(atMs, 1);
    return answer;
  }

  end(atMs: number): void {
    this.#work(atMs, -1);
  }

  #answer(atMs: number): Answer {
    const { outageFromMs, outageForMs, serverSlots, serverSlotCount, faultShare, tellsWait } = this.#settings;
    // Drawn for each, so that a fault meets the same requests whatever else is refused.
    const isFault = this.#random() * 100 < faultShare;
    if (atMs >= outageFromMs && atMs < outageFromMs + outageForMs) return { verdict: 'outage' };
    const freeAtMs = this.#log?.freeAtMs() ?? -Infinity;
    if (freeAtMs > atMs) return { verdict: 'too fast', ...(tellsWait && { hintMs: wholeSeconds(freeAtMs - atMs) }) };
    this.#log?.record(atMs);
    if (serverSlots && this.#busy >= serverSlotCount) return { verdict: 'no slot' };
    return { verdict: isFault ? 'fault' : 'served' };
  }

  #work(atMs: number, change: number): void {
    this.busy.push({ atMs, level: (this.#busy += change) });
  }
}

/** What an answer is to a client that reads it. */
export const meanings: Readonly<Record<RefusedAs, RefusalMeaning>> = {
  'too fast': 'too-fast',
  'no slot': 'no-slot',
  fault: 'transient',
  outage: 'transient',
};

export const statuses: Readonly<Record<RefusedAs, number>> = {
  'too fast': 429,
  'no slot': 429,
  fault: 503,
  outage: 503,
};

/** `Retry-After` knows no less. */
function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
