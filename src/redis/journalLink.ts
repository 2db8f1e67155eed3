import { createHash } from 'node:crypto';
import { backoffDelay } from '../backoff/backoff.js';
import type { Clock } from '../clock.js';
import { JournalError } from '../errors.js';
import { throwApart } from '../throwApart.js';
import type { RedisClient } from './client.js';
import { inTime, patienceMs, patienceOf } from './inTime.js';
import { adviceFor, isPermanent } from './failure.js';
import { askOnce, JournalKeys, type Answer, type Ask, type Place, type Refused } from './journalStep.js';

export interface JournalLinkOptions {
  readonly client: RedisClient;
  readonly name: string;
  readonly worker: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told why Redis does not answer as it should, and of undefined once it does again. */
  readonly onAway: (why: unknown) => void;
}

const retryBaseMs = 25;
const retryCapMs = 2_000;

/**
 * One worker's way to a journal: a step at a time, each sent again until it is answered, with its effect once. What passes
 * (a server that is away, full, or loads its data) is waited out.
 */
export class JournalLink {
  readonly keys: JournalKeys;
  readonly #options: JournalLinkOptions;
  #number = 0;
  #place: Place;
  #sentAtMs = -Infinity;
  #sentEpochMs = -Infinity;
  /** Ends the wait for another try. */
  #hurry: () => void = () => undefined;
  #endsAtMs = Infinity;
  #isAway = false;

  constructor(options: JournalLinkOptions) {
    const { name, worker, ttlMs } = options;
    this.#options = options;
    this.keys = new JournalKeys(name);
    this.#place = { worker, ttlMs, run: '', read: 0, digest: '', known: 0 };
  }

  /** The journal's own id, once it is open. */
  get run(): string {
    return this.#place.run;
  }

  /** True while there are entries that have not been read. */
  get isBehind(): boolean {
    return this.#place.read < this.#place.known;
  }

  /** How many entries have been read. */
  get read(): number {
    return this.#place.read;
  }

  /**
   * True where nobody can have taken this worker for dead: its lease was renewed lately, by the monotonic clock, which
   * stands still on some machines while they sleep, and by the wall.
   */
  get isSure(): boolean {
    const { clock, ttlMs } = this.#options;
    const safeMs = (ttlMs * 2) / 3;
    return clock.now() - this.#sentAtMs < safeMs && clock.epochNow() - this.#sentEpochMs < safeMs;
  }

  /** Resolves as soon as it has been answered, however long that takes. @throws (rejects with) JournalError */
  async step(ask: Ask): Promise<Answer> {
    const { client, clock, random } = this.#options;
    this.#number += 1;
    // The first try may be the one that had its effect, and renewed the lease: those after it only hear of that.
    const [nowMs, epochMs] = [clock.now(), clock.epochNow()];
    for (let attempt = 0; ; attempt++) {
      try {
        const call = askOnce(client, this.keys, this.#number, this.#place, ask);
        const answer = await inTime(call, patienceOf(attempt, patienceMs), clock);
        this.#away(undefined);
        if ('refused' in answer) throw this.#refused(answer, ask);
        this.#sentAtMs = nowMs;
        this.#sentEpochMs = epochMs;
        this.#advance(answer);
        return answer;
      } catch (error) {
        if (error instanceof JournalError) throw error;
        if (!this.#isOver() && !isPermanent(client, error)) {
          this.#away(error);
          await this.#wait(backoffDelay({ attempt, baseMs: retryBaseMs, capMs: retryCapMs, jitter: 'equal', random }));
          if (!this.#isOver()) continue;
        }
        throw this.#failed(error, this.#isOver());
      }
    }
  }

  /** From then on what fails is not tried again. */
  endBy(atMs: number): void {
    this.#endsAtMs = atMs;
    this.#hurry();
  }

  #isOver(): boolean {
    return this.#options.clock.now() >= this.#endsAtMs;
  }

  #advance({ run, length, entries }: Answer): void {
    const { read, known } = this.#place;
    const last = entries.at(-1);
    this.#place = {
      ...this.#place,
      run,
      read: read + entries.length,
      known: Math.max(known, length),
      ...(last !== undefined && { digest: createHash('sha1').update(last).digest('hex') }),
    };
  }

  /** @param why undefined: it is not */
  #away(why: unknown): void {
    if (this.#isAway === (why !== undefined)) return;
    this.#isAway = why !== undefined;
    try {
      this.#options.onAway(why);
    } catch (thrown) {
      throwApart(thrown);
    }
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(delayMs, resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  #refused({ refused, length, settings }: Refused, ask: Ask): JournalError {
    const { name } = this.#options;
    if (refused === 'format') {
      return new JournalError(
        `the journal "${name}" in Redis is of another version of sluice: let all workers use one`,
      );
    }
    if (refused === 'settings') return new JournalError(differing(name, settings, ask.open?.settings ?? ''));
    const { known, run } = this.#place;
    const found = length === 0 ? 'it is empty' : `it has ${length} entries of ${known}, or others`;
    const before =
      run === '' ? 'it has entries, and nothing says of which run' : `${found}, where this worker knew more`;
    return new JournalError(
      `the journal "${name}" in Redis has lost what was in it (${before}): after FLUSHALL, a restart without its data or ` +
        'a failover nobody knows what was sent. Nothing more is sent; restore its data, or begin a run of another name ' +
        'with the prompts that have no result, once you have looked for theirs in the account',
    );
  }

  #failed(error: unknown, isOver: boolean): JournalError {
    const { client, name } = this.#options;
    const why = error instanceof Error ? error.message : String(error);
    const todo = isOver ? 'it was closed before Redis answered' : adviceFor(client, error);
    return new JournalError(`the journal "${name}" in Redis cannot be used (${why}): ${todo}`, undefined, {
      cause: error,
    });
  }
}

/** What two workers of one run do not agree on. */
function differing(name: string, there: string, here: string): string {
  const before = settingsIn(there);
  const now = settingsIn(here);
  const names = Object.keys({ ...before, ...now }).filter((it) => before[it] !== now[it]);
  const shown = names.map((it) => `${it} is ${shownValue(before[it])} there, ${shownValue(now[it])} here`);
  return (
    `the run "${name}" in Redis was begun with other settings (${shown.join('; ')}), and with these all of it would be ` +
    'made and paid for again: give the same to all workers, or begin a run of another name'
  );
}

function settingsIn(json: string): Readonly<Record<string, string>> {
  return JSON.parse(json || '{}') as Readonly<Record<string, string>>;
}

function shownValue(value: string | undefined): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}
