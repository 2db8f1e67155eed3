import { Subject, from, type Observable } from 'rxjs';
import { onTestFinished } from 'vitest';
import { generate } from '../../operators/generate.js';
import type { GenerateEvent, GenerateResult } from '../../operators/generating/generateEvents.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import type { Claims, Journal } from '../../src/journal/journal.js';
import { redisJournal } from '../../src/redis/journal.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { FakeServer, type FakeServerOptions } from '../operators/fakeServer.js';
import type { Prompt } from '../operators/generating.js';
import { record, type Recording } from '../operators/recording.js';
import { VirtualClock } from '../operators/virtualClock.js';
import { wait } from '../wait.js';
import { HandWorker, keyOf, textOf } from './handWorker.js';
import { connected } from './journalClients.js';
import type { RedisServer } from './redisServer.js';

/** A worker: `generate`, with what it tells. */
export interface Sharer {
  readonly recording: Recording<GenerateResult<Prompt>>;
  readonly events: readonly GenerateEvent[];
  /** What it tells of each prompt, in its order: `a succeeded`, `b failed earlier`, `c overdue`. */
  readonly told: readonly string[];
}

export interface SharerOptions extends Omit<Partial<GenerateOptions<Prompt>>, 'journal'> {
  readonly prompts?: readonly Prompt[] | Subject<Prompt>;
  readonly client?: NodeRedisClient;
  /** What its journal does otherwise. */
  readonly journal?: (claims: Claims) => Partial<Claims>;
}

let names = 0;

/**
 * A run that several workers share over a real Redis. The time of the tasks and of their server is virtual: it stands still
 * until a test lets it pass, however long Redis takes. Each prompt is known by its text.
 */
export class SharedRun {
  readonly clock = new VirtualClock();
  readonly server: FakeServer;
  readonly name = `shared-${(names += 1)}`;
  readonly client: NodeRedisClient;
  #isOver = false;

  private constructor(client: NodeRedisClient, options: Omit<FakeServerOptions, 'clock'>) {
    this.client = client;
    this.server = new FakeServer({ ...options, clock: this.clock });
    onTestFinished(() => {
      this.#isOver = true;
    });
  }

  static async over(redis: RedisServer, options: Omit<FakeServerOptions, 'clock'> = {}): Promise<SharedRun> {
    return new SharedRun((await connected(redis)) as NodeRedisClient, options);
  }

  /** Another worker, which does what the test says as it says so. */
  async another(): Promise<HandWorker> {
    const journal = redisJournal({ client: this.client, name: this.name });
    await journal.open();
    onTestFinished(() => journal.close());
    return new HandWorker(journal, this.server, this.clock);
  }

  start({ prompts = [], client = this.client, journal: differing, ...options }: SharerOptions = {}): Sharer {
    const events: GenerateEvent[] = [];
    const source: Observable<Prompt> = prompts instanceof Subject ? prompts : from(prompts);
    const own = redisJournal({ client, name: this.name });
    const journal = differing === undefined ? own : withClaims(own, differing(own.claims));
    const results = source.pipe(
      generate(this.server, {
        rate: 'off',
        pollIntervalMs: 50,
        jitter: 'none',
        externalId: textOf,
        ...(options.slots === undefined && { concurrent: 2 }),
        observer: { next: (event) => events.push(event) },
        ...options,
        clock: this.clock,
        journal,
      }),
    );
    const recording = record(results, () => this.clock.now());
    onTestFinished(() => recording.subscription.unsubscribe());
    return {
      recording,
      events,
      get told() {
        return recording.values.map(toldOf);
      },
    };
  }

  /** Waits for it, while the time of tasks stands still. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#breath();
  }

  /** Lets the time of tasks pass until it is so. */
  async passUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await this.clock.settle(50);
      await this.#breath();
    }
  }

  /** Lets time pass until the worker's stream has ended. @throws what it has ended with */
  async ended({ recording }: Sharer): Promise<void> {
    await this.passUntil(() => recording.end !== '');
    if (recording.end === '#') throw recording.error;
  }

  /** A client by which no messages come: its worker hears of the others only as it asks. */
  deaf(): NodeRedisClient {
    return {
      isOpen: true,
      evalSha: (sha, options) => this.client.evalSha(sha, options),
      eval: (script, options) => this.client.eval(script, options),
      duplicate: () => ({ connect: () => new Promise(() => undefined), on: () => undefined, destroy: () => undefined }),
    };
  }

  /** Whoever has the prompt counts as dead, as if its lease had run out, and does not know yet; the heir has it instead. */
  async giveUp(prompt: Prompt, heir: HandWorker): Promise<void> {
    // What the heir has already says who it is.
    await heir.takes('heirloom');
    const script =
      "redis.call('ZREM', KEYS[1], redis.call('HGET', KEYS[2], ARGV[1])) " +
      "redis.call('HSET', KEYS[2], ARGV[1], redis.call('HGET', KEYS[2], ARGV[2]))";
    const keys = [this.#keyOf('workers'), this.#keyOf('claims')];
    await this.#command('EVAL', script, '2', ...keys, keyOf(prompt), keyOf('heirloom'));
    await heir.takes(prompt);
  }

  /** All workers hear that there is news. */
  async call(): Promise<void> {
    await this.#command('PUBLISH', this.#keyOf('news'), 'nobody');
  }

  #keyOf(what: string): string {
    return `sluice:{journal:${this.name}}:${what}`;
  }

  #command(...words: readonly string[]): Promise<unknown> {
    return (this.client as unknown as { sendCommand(words: readonly string[]): Promise<unknown> }).sendCommand(words);
  }

  /** A moment of the machine's time. A test that was given up goes on no further. */
  async #breath(): Promise<void> {
    if (this.#isOver) throw new Error('the test is over');
    await wait(2);
  }
}

function withClaims(journal: Journal & { readonly claims: Claims }, claims: Partial<Claims>): Journal {
  return {
    open: () => journal.open(),
    write: (entry) => journal.write(entry),
    digest: (text) => journal.digest(text),
    close: () => journal.close(),
    claims: { ...journal.claims, ...claims },
  };
}

function toldOf({ prompt, status, isEarlier, isFinal, error }: GenerateResult<Prompt>): string {
  const how = isFinal ? status : (error?.meaning ?? status);
  return [textOf(prompt), how, ...(isEarlier === true ? ['earlier'] : [])].join(' ');
}
