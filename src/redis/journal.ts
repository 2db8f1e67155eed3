import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { JournalError } from '../errors.js';
import type { Claims, Journal, JournaledTask, JournalEntry, JournalHistory } from '../journal/journal.js';
import { callback, having, nonEmpty, parseOptions, positiveMs } from '../options.js';
import { isRedisClient, type RedisClient } from './client.js';
import { JournalSession } from './journalSession.js';

export interface RedisJournalOptions {
  /** A client of `redis` or `ioredis`, connected; it stays yours. A second connection, to listen, is made like it. */
  readonly client: RedisClient;
  /** Which journal: all workers of one run give the same. 1 to 100 of letters, digits, `_`, `.` and `-`. */
  readonly name: string;
  /**
   * How long after it was last heard of a worker counts as dead, in ms, at least 100: what it was at is then taken over.
   * It is heard of three times as often. @defaultValue 30_000
   */
  readonly ttlMs?: number | undefined;
  /**
   * Told why Redis does not do what it is asked, as soon as it does not: it is away, full, loads its data; and told of
   * undefined as soon as it does again. What was asked waits meanwhile. @defaultValue nobody is told
   */
  readonly onAway?: ((why: unknown) => void) | undefined;
  /** What all workers must agree on, by name: one with others is refused. @defaultValue nothing */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** The id of a journal that is new; one that is there keeps its own. @defaultValue a random UUID */
  readonly runId?: string | undefined;
  /** @defaultValue systemClock */
  readonly clock?: Clock | undefined;
  /** A source of numbers in [0, 1). @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
}

const redisJournalOptions = z.strictObject({
  client: z.custom<RedisClient>(isRedisClient, { error: 'must be a client of redis or ioredis, version 5 or later' }),
  name: z.string().regex(/^[\w.-]{1,100}$/, { error: 'must be 1 to 100 of letters, digits, _, . and -' }),
  ttlMs: z._default(positiveMs.check(z.gte(100)), 30_000),
  onAway: z._default(callback<(why: unknown) => void>(), () => () => undefined),
  settings: z.record(z.string(), z.string()).default({}),
  runId: z.optional(nonEmpty),
  clock: z._default(having<Clock>('schedule'), systemClock),
  random: z._default(callback<() => number>(), () => Math.random),
});

/**
 * A journal in Redis that any number of workers, on any machines, have open at once: each prompt is made by one of them,
 * what a dead one was at is taken over by the others, and every worker hears how all prompts have ended.
 *
 * An entry is written once Redis has it: it is as safe as Redis keeps it (`appendonly yes`, and `appendfsync always` for
 * a loss of power or a kill while the disk is busy; a failover can lose what the replica did not have). That Redis is
 * away, full, or loads its data is waited out, and nothing is sent meanwhile. Where it comes back with less than a worker
 * has seen, the journal has failed: what was sent is then unknown, and nothing more is sent.
 *
 * @throws OptionsError
 */
export function redisJournal(options: RedisJournalOptions): Journal & { readonly claims: Claims } {
  return new RedisJournal(options);
}

class RedisJournal implements Journal {
  readonly claims: Claims = {
    taskOf: (key) => this.#session?.taskOf(key),
    claim: (key) => this.#opened((session) => session.claim(key)),
    on: (listener) => this.#listen(listener),
  };
  readonly #options: z.output<typeof redisJournalOptions>;
  readonly #listeners = new Set<(task: JournaledTask) => void>();
  #session: JournalSession | undefined;
  #opening: JournalSession | undefined;
  /** Opening and closing go one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RedisJournalOptions) {
    this.#options = parseOptions(redisJournalOptions, options, 'redisJournal');
  }

  open({ signal }: { readonly signal?: AbortSignal } = {}): Promise<JournalHistory> {
    let session: JournalSession | undefined;
    const close = (): void => {
      if (session === this.#opening) session?.abandon();
      void this.#inTurn(() => this.#close(session)).catch(() => undefined);
    };
    signal?.addEventListener('abort', close, { once: true });
    return this.#inTurn(() => {
      signal?.throwIfAborted();
      session = this.#begin();
      return this.#open(session);
    });
  }

  write(entry: JournalEntry): Promise<void> {
    return this.#opened((session) => session.write(entry));
  }

  digest(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }

  close(): Promise<void> {
    this.#opening?.abandon();
    return this.#inTurn(() => this.#close(this.#session));
  }

  /** @throws JournalError */
  #begin(): JournalSession {
    if (this.#session !== undefined) throw new JournalError(`the journal "${this.#options.name}" is open already`);
    const { settings, runId = randomUUID(), ...options } = this.#options;
    return new JournalSession({
      ...options,
      worker: randomUUID(),
      runId,
      settings: canonical(settings),
      onTask: (task) => {
        for (const listener of this.#listeners) listener(task);
      },
    });
  }

  async #open(session: JournalSession): Promise<JournalHistory> {
    this.#opening = session;
    try {
      const history = await session.open();
      this.#session = session;
      return history;
    } finally {
      this.#opening = undefined;
    }
  }

  async #close(session: JournalSession | undefined): Promise<void> {
    if (session === undefined || session !== this.#session) return;
    this.#session = undefined;
    await session.close();
  }

  #opened<T>(work: (session: JournalSession) => Promise<T>): Promise<T> {
    const session = this.#session;
    if (session !== undefined) return work(session);
    return Promise.reject(new JournalError(`the journal "${this.#options.name}" in Redis is not open`));
  }

  #listen(listener: (task: JournaledTask) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Equal for equal settings. */
function canonical(settings: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1))));
}
