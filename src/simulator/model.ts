import { garbled, plain429, refusal, serverError, success, type Answer, type RefusalCode } from './answers.js';
import { Bookkeeper, type Books } from './books.js';
import { FaultPlan, type FaultName } from './faults.js';
import { Gate } from './gate.js';
import { modelSettings, type ModelOptions, type ModelSettings } from './modelOptions.js';
import { routeOf } from './routes.js';
import { between, type Random } from './seededRandom.js';
import { Service, type Ruling } from './service.js';

/** A request as the model sees it. */
export interface KlingRequest {
  readonly method: string;
  /** The path with its query, as in the first line of HTTP. */
  readonly target: string;
  /** The body, read from its JSON; undefined where there was none, or none that can be read. */
  readonly body?: unknown;
  /** What became of the check of its credentials. @defaultValue 'ok' */
  readonly auth?: AuthVerdict;
  /** Whose request it is: each has a request rate of its own. @defaultValue '' */
  readonly keyId?: string;
}

export type AuthVerdict = 'ok' | 1000 | 1001 | 1002 | 1003 | 1004;

/**
 * Kling's documented `/v1` API as a state machine: no clock, no timer, no IO. The same sequence of requests, instants
 * and random draws always gives the same answers and the same books. The state is inside, and changes in place.
 *
 * Checks are made in this order: credentials, request rate, validity, duplicate, slots, credits. A request refused for
 * its rate is not counted by it; one refused later is. Instants are ms on a clock that never goes back.
 */
export class KlingModel {
  readonly #settings: ModelSettings;
  readonly #gate: Gate;
  readonly #service: Service;
  readonly #faults: FaultPlan;
  readonly #books: Bookkeeper;
  #requests = 0;

  constructor(settings: ModelSettings) {
    this.#settings = settings;
    this.#gate = new Gate(settings.requests, settings.intervalMs);
    this.#service = new Service(settings);
    this.#faults = new FaultPlan(settings.faults);
    this.#books = new Bookkeeper(settings.intervalMs, settings.epochAtMs);
  }

  /** Draws how long a request, or an answer, is on its way, in ms; 0 and no draw where there is no such fault. */
  latencyMs(random: Random): number {
    const range = this.#settings.faults.latencyMs;
    return range === undefined ? 0 : between(range.min, range.max, random);
  }

  /** What was seen until `nowMs`. */
  books(nowMs: number): Books {
    return this.#books.close(this.#service.tasks, nowMs);
  }

  /** Decides a request that arrives at `nowMs`, which is no earlier than that of the call before. */
  answer(request: KlingRequest, nowMs: number, random: Random): Answer {
    const { auth = 'ok', keyId = '' } = request;
    const route = routeOf(request.method, request.target);
    this.#requests += 1;
    this.#books.arrived(route.kind, keyId, nowMs);
    if (auth !== 'ok') return this.#refuse(auth);

    const drawn = this.#faults.draw(route.kind, random);
    const strikes = (fault: FaultName): boolean => drawn.has(fault) && this.#strike(fault);
    if (strikes('tooFast')) return this.#refuse(1302, undefined, this.#retryAfter(1_000));
    if (strikes('plain429')) return plain429(this.#retryAfter(1_000));
    const waitMs = this.#gate.pass(keyId, route.kind === 'costs', nowMs);
    if (waitMs > 0) return this.#refuse(1302, undefined, this.#retryAfter(waitMs));
    this.#books.passed(keyId, nowMs);
    if (strikes('pollError')) return random() < 0.5 ? serverError(this.#requestId(), random) : garbled(random);
    if (strikes('resetBefore')) return { kind: 'reset' };
    if (strikes('errorBefore')) return serverError(this.#requestId(), random);

    const ruling = this.#service.rule(route, request.body, strikes, nowMs, random);
    const answer = this.#answerOf(ruling);
    const created = ruling.ok && route.kind === 'create';
    if (strikes('hang')) return { kind: 'hang' };
    if (created && strikes('resetAfter')) return { kind: 'reset' };
    if (created && strikes('errorAfter')) return serverError(this.#requestId(), random);
    return strikes('garbled') ? garbled(random) : answer;
  }

  #answerOf(ruling: Ruling): Answer {
    if (ruling.ok) return success(this.#requestId(), ruling.data);
    if (ruling.duplicate) this.#books.refusedDuplicate();
    return this.#refuse(ruling.code, ruling.message);
  }

  #refuse(code: RefusalCode, message?: string, headers?: Readonly<Record<string, string>>): Answer {
    this.#books.refused(code);
    return refusal(this.#requestId(), code, message, headers);
  }

  /** Whole seconds, rounded up: never too early. */
  #retryAfter(waitMs: number): Readonly<Record<string, string>> {
    return this.#settings.retryAfter ? { 'retry-after': String(Math.ceil(waitMs / 1_000)) } : {};
  }

  #strike(fault: FaultName): true {
    this.#books.struck(fault);
    return true;
  }

  #requestId(): string {
    return `sim-${this.#requests}`;
  }
}

/**
 * Makes a Kling to ask in virtual time; `startSimulator` puts one behind HTTP.
 *
 * @throws OptionsError
 */
export function createKlingModel(options: ModelOptions = {}): KlingModel {
  return new KlingModel(modelSettings(options));
}
