import { from } from 'rxjs';
import { generate } from '../../operators/generate.js';
import type { GenerateResult } from '../../operators/generating/generateEvents.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import { scaledClock, systemClock, type Clock } from '../../src/clock.js';
import { isNodeRedis, type IoRedisClient, type NodeRedisClient, type RedisClient } from '../../src/redis/client.js';
import { redisJournal, type RedisJournalOptions } from '../../src/redis/journal.js';
import type { CallOptions, PollAnswer, RemoteTask, TaskApi, TaskRef } from '../../src/tasks/taskApi.js';
import type { FakeServer, Order } from '../operators/fakeServer.js';
import type { Prompt } from '../operators/generating.js';
import { record, type Recording } from '../operators/recording.js';
import { wait } from '../wait.js';

/** The time of workers and of their server: 20 times as fast as that of Redis. */
export function fastClock(): Clock {
  return scaledClock(systemClock, 20);
}

/** Whether a process runs, stands still, or is no more. */
class Power {
  #state: 'on' | 'stopped' | 'off' = 'on';
  #waiting: (() => void)[] = [];

  stop(): void {
    this.#state = 'stopped';
  }

  resume(): void {
    this.#state = 'on';
    for (const go of this.#waiting.splice(0)) go();
  }

  cut(): void {
    this.#state = 'off';
    this.#waiting = [];
  }

  /** Resolves as soon as it runs: never, where that is over. */
  on(): Promise<void> {
    if (this.#state === 'on') return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#state === 'stopped') this.#waiting.push(resolve);
    });
  }
}

export interface WorkerOptions extends Omit<Partial<GenerateOptions<Prompt>>, 'journal'> {
  readonly client: RedisClient;
  readonly server: FakeServer;
  readonly prompts: readonly Prompt[];
  readonly clock: Clock;
  readonly journal: Pick<RedisJournalOptions, 'name' | 'ttlMs' | 'settings' | 'clock'>;
}

/** A worker within the test: a process that can be killed at any instant, or stand still for a while. */
export class Worker {
  readonly recording: Recording<GenerateResult<Prompt>>;
  readonly #power = new Power();

  constructor({ client, server, prompts, clock, journal, ...options }: WorkerOptions) {
    const plain = { rate: 'off', pollIntervalMs: 10, jitter: 'none', concurrent: 2 } as const;
    const own = redisJournal({ client: poweredClient(client, this.#power), ...journal });
    const api = new PoweredApi(server, this.#power);
    this.recording = record(from(prompts).pipe(generate(api, { ...plain, ...options, clock, journal: own })), () =>
      clock.now(),
    );
  }

  /** SIGKILL: nothing leaves it any more, and nothing reaches it. */
  kill(): void {
    this.#power.cut();
    this.recording.subscription.unsubscribe();
  }

  /** SIGSTOP: what it was about to send leaves, and what comes is heard, once it goes on. */
  stop(): void {
    this.#power.stop();
  }

  resume(): void {
    this.#power.resume();
  }

  /** Resolves once its stream has ended. */
  async ended(): Promise<this> {
    while (this.recording.end === '') await wait(5);
    return this;
  }

  get results(): readonly (readonly [string, string])[] {
    return this.recording.values
      .filter(({ isFinal }) => isFinal)
      .map(({ prompt, status }) => [typeof prompt === 'string' ? prompt : (prompt.prompt ?? ''), status] as const);
  }
}

function poweredClient(client: RedisClient, power: Power): RedisClient {
  const powered = async <T>(send: () => Promise<T>): Promise<T> => {
    await power.on();
    const answer = await send();
    await power.on();
    return answer;
  };
  if (isNodeRedis(client)) {
    const node: NodeRedisClient = {
      isOpen: true,
      evalSha: (sha, options) => powered(() => client.evalSha(sha, options)),
      eval: (script, options) => powered(() => client.eval(script, options)),
      duplicate: () => client.duplicate(),
    };
    return node;
  }
  const io: IoRedisClient = {
    status: 'ready',
    evalsha: (sha, count, ...rest) => powered(() => client.evalsha(sha, count, ...rest)),
    eval: (script, count, ...rest) => powered(() => client.eval(script, count, ...rest)),
    duplicate: () => client.duplicate(),
  };
  return io;
}

/** A way to the server that stands still with its process. */
class PoweredApi implements TaskApi<Order> {
  readonly pollBatch: number;
  readonly classify: FakeServer['classify'];
  readonly #server: FakeServer;
  readonly #power: Power;

  constructor(server: FakeServer, power: Power) {
    this.#server = server;
    this.#power = power;
    this.pollBatch = server.pollBatch;
    this.classify = server.classify;
  }

  parse(input: unknown): Order {
    return this.#server.parse(input);
  }

  productOf(order: Order): string {
    return this.#server.productOf(order);
  }

  weigh(order: Order): number {
    return this.#server.weigh(order);
  }

  estimateCredits(order: Order): number {
    return this.#server.estimateCredits(order);
  }

  submit(order: Order, externalId: string, options?: CallOptions): Promise<RemoteTask> {
    return this.#sent(() => this.#server.submit(order, externalId, options));
  }

  lookUp(order: Order, externalId: string, options?: CallOptions): Promise<RemoteTask | undefined> {
    return this.#sent(() => this.#server.lookUp(order, externalId, options));
  }

  poll(refs: readonly TaskRef[], options?: CallOptions): Promise<readonly PollAnswer[]> {
    return this.#sent(() => this.#server.poll(refs, options));
  }

  async #sent<T>(send: () => Promise<T>): Promise<T> {
    await this.#power.on();
    const settled = await send().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await this.#power.on();
    if ('error' in settled) throw settled.error;
    return settled.value;
  }
}
