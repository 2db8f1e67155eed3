/** What a call was for: a submit may have made a job that costs money, a read has changed nothing. */
export type AtelierCall = 'submit' | 'read';

export interface AtelierErrorDetails {
  readonly call: AtelierCall;
  /**
   * `refused`: an answer that is no success; `lost`: no whole answer came; `not-sent`: no connection came about, so
   * nothing has left this machine; `not-understood`: a success, but not what is due there.
   */
  readonly kind: 'refused' | 'lost' | 'not-sent' | 'not-understood';
  readonly status?: number;
  /** How long the answer asked to wait, in ms. */
  readonly hintMs?: number | undefined;
  /** The limits that the answer says are used up, by their names. */
  readonly usedUp?: readonly string[];
}

/** A call to Atelier Nowhere that brought no result; `classify` says what to do about it. */
export class AtelierError extends Error {
  override readonly name = 'AtelierError';
  readonly code: string;
  readonly details: AtelierErrorDetails;

  constructor(message: string, details: AtelierErrorDetails) {
    super(message);
    this.code = details.status === undefined ? `ATELIER_${details.kind}` : `ATELIER_${details.status}`;
    this.details = details;
  }
}
