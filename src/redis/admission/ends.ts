import type { Outcome } from '../../limits/limit.js';
import type { Agenda } from './agenda.js';
import type { Held } from './held.js';
import type { Holding } from './holdings.js';
import type { SharedGate } from './sharedGate.js';

export interface EndsOptions {
  readonly held: Held;
  readonly gate: SharedGate;
  readonly agenda: Agenda;
  /** True where keys have limits of their own. */
  readonly isKeyed: boolean;
  /** How long news may wait for company, in ms. */
  readonly lingerMs: number;
  /** True where an end may make room at once: some limit is one of slots, or of what runs. */
  readonly endsMakeRoom: boolean;
  readonly tellWithin: (ms: number) => void;
}

/** Leases that end: told at once where somebody may go on by that, and else in company. */
export class Ends {
  readonly #options: EndsOptions;

  constructor(options: EndsOptions) {
    this.#options = options;
  }

  /** @param holding what has ended; none where it never started */
  add(id: number, atMs: number, outcome: Outcome | 'refund', holding?: Holding): void {
    const { held, gate, agenda, isKeyed, lingerMs, endsMakeRoom, tellWithin } = this.#options;
    held.news.ends.push({ id, atMs, outcome, holding });
    // What time alone lets in, no end lets in before; where slots are held, too, it is told with the call of that instant.
    // Where keys have limits of their own, it is one key that waits for time, and others may wait for an end.
    const { untilOpenMs } = agenda;
    const isHeldByTime = untilOpenMs > 0 && untilOpenMs < Infinity && !isKeyed;
    const makesRoom = outcome === 'refund' || gate.round !== Infinity || (endsMakeRoom && !isHeldByTime);
    if (makesRoom) tellWithin(0);
    else tellWithin(endsMakeRoom ? Math.min(lingerMs, untilOpenMs) : lingerMs);
  }
}
