import type { Refusal } from '../../src/refusal.js';

/** An error that says itself what it means. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal | Refusal['meaning']) {
    const said = typeof refusal === 'string' ? { meaning: refusal } : refusal;
    super(said.meaning);
    this.refusal = said;
  }
}

/** What it means; any other error is ambiguous. */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refused ? error.refusal : { meaning: 'ambiguous' };
}
