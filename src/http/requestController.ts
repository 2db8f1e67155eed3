import type { Dispatcher } from 'undici';

type DispatchController = Dispatcher.DispatchController;
type RawHeaders = NonNullable<DispatchController['rawHeaders']> | null;

/**
 * The controller that a request's handler gets before there is a connection to control: what it asks for meanwhile is
 * kept, and passed on to the connection's own controller as soon as there is one.
 */
export class RequestController implements DispatchController {
  readonly #onEarlyAbort: (reason: Error) => void;
  #target: DispatchController | undefined = undefined;
  #reason: Error | undefined = undefined;
  #isPaused = false;

  /** @param onEarlyAbort called for an abort that comes before there is a connection */
  constructor(onEarlyAbort: (reason: Error) => void) {
    this.#onEarlyAbort = onEarlyAbort;
  }

  get aborted(): boolean {
    return this.#reason !== undefined || (this.#target?.aborted ?? false);
  }

  get reason(): Error | null {
    return this.#reason ?? this.#target?.reason ?? null;
  }

  get paused(): boolean {
    return this.#isPaused;
  }

  get rawHeaders(): RawHeaders {
    return this.#target?.rawHeaders ?? null;
  }

  set rawHeaders(headers: RawHeaders) {
    if (this.#target !== undefined) this.#target.rawHeaders = headers;
  }

  get rawTrailers(): RawHeaders {
    return this.#target?.rawTrailers ?? null;
  }

  set rawTrailers(trailers: RawHeaders) {
    if (this.#target !== undefined) this.#target.rawTrailers = trailers;
  }

  abort(reason?: Error | null): void {
    if (this.aborted) return;
    this.#reason = reason ?? requestAborted();
    if (this.#target === undefined) this.#onEarlyAbort(this.#reason);
    else this.#target.abort(this.#reason);
  }

  pause(): void {
    this.#isPaused = true;
    this.#target?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#target?.resume();
  }

  /** From here on `target` is the connection's: another one where the request is begun again. */
  follow(target: DispatchController): void {
    this.#target = target;
    if (this.#isPaused) target.pause();
    if (this.#reason !== undefined) target.abort(this.#reason);
  }
}

/** What undici itself makes of an abort without a reason. */
function requestAborted(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' });
}
