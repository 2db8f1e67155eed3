import { garbled, plain429, refusal, serverError, success, type Answer, type RefusalCode } from './answers.js';
import { Bookkeeper, type Books } from './books.js';
import { callbacksOf, type Callback } from './callbacks.js';
import { FaultPlan, type FaultName, type Occasion, type Strikes } from './faults.js';
import { answerFile, type FileAnswer, type FileRequest } from './fileAnswer.js';
import { Gate } from './gate.js';
import type { Task } from './life.js';
import { modelSettings, type ModelOptions, type ModelSettings } from './modelOptions.js';
import { routeOf } from './routes.js';
import { between, type Random } from './seededRandom.js';
import { Service, type Ruling } from './service.js';
import { strangeData } from './strangeData.js';

/** A request as the model sees it. */
export interface KlingRequest {
  readonly method: string;
  /** The path with its query, as in the first line of HTTP. */
  readonly target: string;
  /** The body, read from its JSON; undefined where there was none, or none that can be read. */
  readonly body?: unknown;
  /** What became of the check of its credentials. @defaultValue 'ok' */
  readonly auth?: AuthVerdict;
  /** True: its credential is a signed token, or meant to be one. The new API takes none (1002). @defaultValue false */
  readonly isToken?: boolean;
  /** Whose request it is: each has a request rate of its own. @defaultValue '' */
  readonly keyId?: string;
}

/** Takes the callbacks of one task. */
export type Announce = (callbacks: readonly Callback[]) => void;

const noLatency = { min: 0, max: 0 };

export type AuthVerdict = 'ok' | 1000 | 1001 | 1002 | 1003 | 1004;

/**
 * Kling's two documented APIs, `/v1` and the new one, as a state machine: no clock, no timer, no IO. The same sequence of
 * requests, instants and random draws always gives the same answers and the same books. The state is inside, and changes
 * in place. Tasks, slots, credits and external ids are of one account, whichever API they came through.
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
    this.#books = new Bookkeeper(settings);
  }

  /** How long a request, or an answer, is on its way, in ms; drawn where that differs. */
  latencyMs(random: Random): number {
    const { min, max } = this.#settings.faults.latencyMs ?? noLatency;
    return min === max ? min : between(min, max, random);
  }

  /** What was seen until `nowMs`. */
  books(nowMs: number): Books {
    return this.#books.close(this.#service.tasks, nowMs);
  }

  /**
   * Decides a request that arrives at `nowMs`, which is no earlier than that of the call before. Where it creates a task
   * that is to be told about, `announce` gets all the callbacks that this task will bring, in the order of their instants.
   */
  answer(request: KlingRequest, nowMs: number, random: Random, announce: Announce = () => {}): Answer {
    const { auth = 'ok', keyId = '', isToken = false } = request;
    const route = routeOf(request.method, request.target);
    this.#requests += 1;
    this.#books.arrived(route.kind, keyId, nowMs);
    if (route.isNew && isToken) return this.#refuse(1002);
    if (auth !== 'ok') return this.#refuse(auth);

    const strikes = this.#drawFor(route.kind, random);
    if (strikes('tooFast')) return this.#refuse(1302, undefined, this.#retryAfter(1_000));
    if (strikes('plain429')) return plain429(this.#retryAfter(1_000));
    const waitMs = this.#gate.pass(keyId, route.kind === 'costs', nowMs);
    if (waitMs > 0) return this.#refuse(1302, undefined, this.#retryAfter(waitMs));
    this.#books.passed(keyId, nowMs);
    if (strikes('pollError')) return random() < 0.5 ? serverError(this.#requestId(), random) : garbled(random);
    if (strikes('resetBefore')) return { kind: 'reset' };
    if (strikes('errorBefore')) return serverError(this.#requestId(), random);

    const ruling = this.#service.rule(route, request.body, strikes, nowMs, random);
    const created = ruling.ok ? ruling.created : undefined;
    if (created?.order.callbackUrl !== undefined) this.#announce(created, announce, random);
    const answer = this.#answerOf(ruling);
    if (strikes('hang')) return { kind: 'hang' };
    if (created && strikes('resetAfter')) return { kind: 'reset' };
    if (created && strikes('errorAfter')) return serverError(this.#requestId(), random);
    if (strikes('garbled')) return garbled(random);
    return ruling.ok && strikes('strange') ? success(this.#requestId(), strangeData(ruling.data, random)) : answer;
  }

  /** Decides a request for a result's file at `nowMs`; undefined: it is a request to the API. */
  file(request: FileRequest, nowMs: number, random: Random): FileAnswer | undefined {
    const { filesExpireMs } = this.#settings;
    const find = (id: string): Task | undefined => this.#service.taskOf(id);
    const answer = answerFile(request, { find, filesExpireMs, nowMs }, () => this.#drawFor('download', random));
    if (answer !== undefined) this.#books.file(answer.status);
    return answer;
  }

  /** Tells the books that a callback went out, or was answered with a 2xx. */
  callback(event: 'sent' | 'accepted'): void {
    this.#books.callback(event);
  }

  #drawFor(occasion: Occasion, random: Random): Strikes {
    const drawn = this.#faults.draw(occasion, random);
    return (fault) => drawn.has(fault) && this.#strike(fault);
  }

  #announce(task: Task, announce: Announce, random: Random): void {
    const callbacks = callbacksOf(task, this.#settings, () => this.#drawFor('callback', random), random);
    if (callbacks.length > 0) announce(callbacks);
  }

  #answerOf(ruling: Ruling): Answer {
    if (ruling.ok) return success(this.#requestId(), ruling.data);
    if (ruling.because !== undefined) this.#books.refusedBecause(ruling.because);
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
