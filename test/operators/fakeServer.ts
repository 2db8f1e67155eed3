import { OptionsError } from '../../src/errors.js';
import type { Clock } from '../../src/clock.js';
import type { Refusal } from '../../src/refusal.js';
import type { CallOptions, PollAnswer, RemoteTask, TaskApi, TaskRef } from '../../src/tasks/taskApi.js';
import { refusalOf, Refused } from './refused.js';

/** What a prompt asks for. */
export interface Order {
  readonly prompt: string;
  readonly product: string;
  readonly slots: number;
  readonly credits: number;
  readonly takesMs: number;
  readonly fails: boolean;
}

/** A request, as it left. */
export interface Sent {
  readonly kind: 'submit' | 'look-up' | 'poll';
  readonly prompt: string;
  /** The external id, or for a poll the server's. */
  readonly id: string;
  /** How many of this kind were sent for this prompt, this one counted. */
  readonly nth: number;
  readonly atMs: number;
}

/**
 * What goes wrong with a request: it is refused, and nothing was done; it is carried out, and the answer `lost`; or a
 * poll is told that the task is `unknown`.
 */
export type Fault = Refusal | Refusal['meaning'] | 'lost' | 'unknown' | undefined;

export interface FakeServerOptions {
  readonly clock: Clock;
  /** How long a request, or an answer, is on its way. @defaultValue 0 */
  readonly latencyMs?: number;
  /** How many slots there are. @defaultValue Infinity */
  readonly slots?: number;
  /** How many tasks a poll can ask for. @defaultValue 1 */
  readonly pollBatch?: number;
  readonly faultOf?: (sent: Sent) => Fault;
}

interface CreatedTask {
  readonly order: Order;
  readonly externalId: string;
  readonly taskId: string;
  readonly createdAtMs: number;
  readonly endsAtMs: number;
}

const plain: Order = { prompt: '', product: 'video', slots: 1, credits: 1, takesMs: 100, fails: false };

/** A server of tasks within the test, on the test's clock: strict about ids and slots, with faults by script. */
export class FakeServer implements TaskApi<Order> {
  readonly pollBatch: number;
  readonly classify = refusalOf;
  readonly sent: Sent[] = [];
  readonly tasks: CreatedTask[] = [];
  /** Whom each poll asked for, by their prompts. */
  readonly polled: string[] = [];
  /** How often a task was asked for that existed already. */
  duplicates = 0;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #slots: number;
  readonly #faultOf: (sent: Sent) => Fault;

  constructor(options: FakeServerOptions) {
    const { clock, latencyMs = 0, slots = Infinity, pollBatch = 1, faultOf = () => undefined } = options;
    this.pollBatch = pollBatch;
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#slots = slots;
    this.#faultOf = faultOf;
  }

  /** The requests of a kind, as `a1 b1 a2`: the prompt and which of its own it is. */
  sentAs(kind: Sent['kind']): string {
    const sent = this.sent.filter((it) => it.kind === kind);
    return sent.map(({ prompt, nth }) => `${prompt}${nth}`).join(' ');
  }

  /** The most slots in use at once. */
  get greatestRunning(): number {
    return Math.max(0, ...this.tasks.map(({ createdAtMs }) => this.#runningAt(createdAtMs)));
  }

  parse(input: unknown): Order {
    const order = { ...plain, ...(typeof input === 'string' ? { prompt: input } : (input as Partial<Order>)) };
    if (order.prompt === '') throw new OptionsError('the prompt must not be empty', 'prompt');
    return order;
  }

  productOf({ product }: Order): string {
    return product;
  }

  weigh({ slots }: Order): number {
    return slots;
  }

  estimateCredits({ credits }: Order): number {
    return credits;
  }

  submit(order: Order, externalId: string, { signal }: CallOptions = {}): Promise<RemoteTask> {
    return this.#answer('submit', order.prompt, externalId, signal, () => this.#create(order, externalId));
  }

  lookUp(order: Order, externalId: string, { signal }: CallOptions = {}): Promise<RemoteTask | undefined> {
    return this.#answer('look-up', order.prompt, externalId, signal, () => {
      const task = this.tasks.find((it) => it.externalId === externalId);
      return task && this.#described(task);
    });
  }

  /** One request, whoever it asks for: it is written down by the first of them. */
  poll(refs: readonly TaskRef[], { signal }: CallOptions = {}): Promise<readonly PollAnswer[]> {
    const found = refs.map(({ id }) => this.tasks.find(({ taskId }) => taskId === id));
    const [first] = found;
    if (first === undefined) return Promise.resolve(refs.map(() => 'absent'));
    this.polled.push(found.map((task) => task?.order.prompt ?? '?').join(''));
    return this.#answer('poll', first.order.prompt, first.taskId, signal, (fault) =>
      found.map((task) => (fault === 'unknown' || task === undefined ? 'absent' : this.#described(task))),
    );
  }

  async #answer<T>(
    kind: Sent['kind'],
    prompt: string,
    id: string,
    signal: AbortSignal | undefined,
    carryOut: (fault: Fault) => T,
  ): Promise<T> {
    const nth = this.sent.filter((it) => it.kind === kind && it.prompt === prompt).length + 1;
    const sent = { kind, prompt, id, nth, atMs: this.#clock.now() };
    this.sent.push(sent);
    const fault = this.#faultOf(sent);
    await this.#travel(signal);
    try {
      if (fault !== undefined && fault !== 'lost' && fault !== 'unknown') throw new Refused(fault);
      const answer = carryOut(fault);
      if (fault === 'lost') throw new Error('the answer was lost');
      return answer;
    } finally {
      await this.#travel(signal);
    }
  }

  #create(order: Order, externalId: string): RemoteTask {
    const nowMs = this.#clock.now();
    if (this.tasks.some((task) => task.externalId === externalId)) {
      this.duplicates++;
      throw new Refused('duplicate');
    }
    if (this.#runningAt(nowMs) + order.slots > this.#slots) throw new Refused('no-slot');
    const taskId = `t-${this.tasks.length + 1}`;
    const task = { order, externalId, taskId, createdAtMs: nowMs, endsAtMs: nowMs + order.takesMs };
    this.tasks.push(task);
    return this.#described(task);
  }

  #described({ order, taskId, endsAtMs }: CreatedTask): RemoteTask {
    const ref = { product: order.product, id: taskId };
    if (this.#clock.now() < endsAtMs) return { ref, status: 'running', outputs: [] };
    if (order.fails) return { ref, status: 'failed', outputs: [], message: 'it did not work out' };
    return { ref, status: 'succeeded', outputs: [{ type: 'video', url: `https://files.invalid/${taskId}` }] };
  }

  #runningAt(atMs: number): number {
    const running = this.tasks.filter(({ createdAtMs, endsAtMs }) => createdAtMs <= atMs && atMs < endsAtMs);
    return running.reduce((sum, { order }) => sum + order.slots, 0);
  }

  #travel(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#latencyMs === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(this.#latencyMs, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }
}
