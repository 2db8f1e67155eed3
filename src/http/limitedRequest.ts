import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Cost } from '../limiter/cost.js';
import type { Limiter } from '../limiter/limiter.js';
import { Waiter } from '../limiter/waiter.js';
import type { Outcome } from '../limits/limit.js';
import { throwApart } from '../throwApart.js';
import { RequestController } from './requestController.js';

type AnswerHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** What all requests of one dispatcher have in common. */
export interface RequestGate {
  readonly limiter: Limiter;
  readonly dispatch: Dispatcher.Dispatch;
  /** Does what the head of an answer asks of the limiter, and says how its request has ended if that is no success. */
  judge(statusCode: number, headers: AnswerHeaders): Outcome | undefined;
}

/**
 * One request: a place in the limiter's queue, and from its dispatch on the handler that holds the permit and gives it
 * back as the answer ends, before its own handler hears of that.
 *
 * Its own handler is told at once that the request starts, since it can abort only from then on: undici's `request` and
 * `fetch` know no other way.
 */
export class LimitedRequest extends Waiter implements Dispatcher.DispatchHandler {
  readonly #gate: RequestGate;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #controller = new RequestController((reason) => this.#giveUp(reason));
  readonly #context = {};
  readonly #onBodyError = (error: Error): void => this.#giveUp(error);
  /** While it holds a permit. */
  #takenAtMs: number | undefined = undefined;
  /** What the head of the answer has decided, whatever its body does. */
  #verdict: Outcome | undefined = undefined;
  /** False asks the caller of `dispatch` to wait for `drain`, which comes only where a dispatcher was too busy. */
  #isFree = true;
  #isOver = false;

  constructor(gate: RequestGate, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, cost: Cost) {
    super(cost);
    this.#gate = gate;
    this.#options = options;
    this.#handler = handler;
  }

  /** Dispatches the request as soon as it is admitted; whatever fails, the handler is told. Returns what `dispatch` does. */
  start(): boolean {
    try {
      this.#handler.onRequestStart?.(this.#controller, this.#context);
      if (!this.#isOver) this.#gate.limiter.enter(this);
      if (this.isQueued) this.#body?.on('error', this.#onBodyError);
    } catch (error) {
      this.#fail(error);
    }
    return this.#isFree;
  }

  admitted(atMs: number): void {
    this.#takenAtMs = atMs;
    try {
      this.#isFree = this.#gate.dispatch(this.#options, this);
    } catch (error) {
      this.#fail(error);
    }
    // Only now: until the dispatcher listens, an error of the body that nobody hears would end the process.
    this.#body?.off('error', this.#onBodyError);
  }

  dropped(error: Error): void {
    this.#fail(error);
  }

  onRequestStart(target: Dispatcher.DispatchController, context: unknown): void {
    Object.assign(this.#context, context);
    this.#controller.follow(target);
  }

  onRequestUpgrade(_: unknown, statusCode: number, headers: AnswerHeaders, socket: Duplex): void {
    this.#end('succeeded');
    this.#handler.onRequestUpgrade?.(this.#controller, statusCode, headers, socket);
  }

  onResponseStart(_: unknown, statusCode: number, headers: AnswerHeaders, statusMessage?: string): void {
    const isInformational = statusCode < 200;
    if (!isInformational) this.#verdict = this.#gate.judge(statusCode, headers);
    this.#handler.onResponseStart?.(this.#controller, statusCode, headers, statusMessage);
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#handler.onResponseData?.(this.#controller, chunk);
  }

  onResponseEnd(_: unknown, trailers: AnswerHeaders): void {
    this.#end(this.#verdict ?? 'succeeded');
    this.#handler.onResponseEnd?.(this.#controller, trailers);
  }

  onResponseError(_: unknown, error: Error): void {
    this.#end(this.#verdict ?? (this.#controller.aborted ? 'unknown' : 'failed'));
    this.#handler.onResponseError?.(this.#controller, error);
  }

  /** Ends a request that has not been dispatched; one that has been is its connection's to end. */
  #giveUp(reason: Error): void {
    if (this.#isOver || this.#takenAtMs !== undefined) return;
    this.#gate.limiter.leave(this);
    this.#fail(reason);
  }

  /** Tells the handler of an error that no dispatcher will tell it of. */
  #fail(error: unknown): void {
    this.#body?.off('error', this.#onBodyError);
    try {
      if (this.#isOver) throw error;
      this.#end('failed');
      this.#handler.onResponseError?.(this.#controller, error as Error);
    } catch (thrown) {
      // The handler itself has thrown. The limiter is no place for that, and silence none either.
      throwApart(thrown);
    }
  }

  #end(outcome: Outcome): void {
    this.#isOver = true;
    if (this.#takenAtMs === undefined) return;
    const takenAtMs = this.#takenAtMs;
    this.#takenAtMs = undefined;
    this.#gate.limiter.release(this.cost, takenAtMs, outcome);
    this.#gate.limiter.admitWaiting();
  }

  /** The body, where it is a stream. */
  get #body(): EventEmitter | undefined {
    const { body } = this.#options;
    return typeof body === 'object' && body !== null && 'on' in body ? body : undefined;
  }
}
