import { SluiceError } from '../errors.js';

/** What a call was for: a submit may have made a paid task, a read has changed nothing. */
export type KlingCall = 'submit' | 'read';

/**
 * What went wrong, as far as it can be seen from here.
 *
 * | kind | what happened |
 * |---|---|
 * | `refused` | Kling answered with a code other than 0 |
 * | `unreadable` | the answer is not Kling's JSON: an edge's or a proxy's page, half a body, too long a one |
 * | `unknown-shape` | code 0, without the data that is due |
 * | `unknown-status` | a task in a state that this version does not know: never taken for "still running" |
 * | `timed-out` | no whole answer in time |
 * | `not-sent` | no connection came about: nothing has left this machine |
 * | `connection-lost` | the connection broke before the whole answer came |
 */
export type KlingErrorKind =
  'refused' | 'unreadable' | 'unknown-shape' | 'unknown-status' | 'timed-out' | 'not-sent' | 'connection-lost';

export interface KlingErrorDetails {
  readonly kind: KlingErrorKind;
  readonly call: KlingCall;
  /** The HTTP status, where an answer came. */
  readonly status?: number | undefined;
  /** The body's `code`, where it could be read. */
  readonly klingCode?: number | undefined;
  /** The body's `message`, on one line. */
  readonly klingMessage?: string | undefined;
  /** Kling's name for the request: what its support asks for. */
  readonly requestId?: string | undefined;
  /** How long the answer asked to wait, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** True: the token that Kling calls stale was a new one, so that signing once more will not help. */
  readonly signedAnew?: boolean | undefined;
}

/** Where an answer came from, for the errors about it. */
export type AnswerContext = Omit<KlingErrorDetails, 'kind'>;

/**
 * A call to Kling that brought no result; `classify` says what to do about it.
 *
 * No key and no token is ever in it: what Kling says is cleaned of them, and an error of the network is told by its
 * code alone, since a dispatcher's errors may hold the headers of the request.
 */
export class KlingError extends SluiceError implements KlingErrorDetails {
  override readonly name = 'KlingError';
  readonly code = 'SLUICE_KLING';
  readonly kind: KlingErrorKind;
  readonly call: KlingCall;
  readonly status: number | undefined;
  readonly klingCode: number | undefined;
  readonly klingMessage: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly signedAnew: boolean;

  constructor(message: string, details: KlingErrorDetails) {
    super(message);
    this.kind = details.kind;
    this.call = details.call;
    this.status = details.status;
    this.klingCode = details.klingCode;
    this.klingMessage = details.klingMessage;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.signedAnew = details.signedAnew ?? false;
  }
}
