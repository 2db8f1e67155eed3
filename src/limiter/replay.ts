import type { Clock } from '../clock.js';
import { ReplayError } from '../errors.js';
import { createLimiter, type LimiterOptions } from './createLimiter.js';
import type { Limiter } from './limiter.js';
import type { TapeEntry } from './tape.js';
import { Waiter } from './waiter.js';

/** A limiter's decision: this waiter, by the number of its coming, started at that instant. */
export interface Decision {
  readonly id: number;
  readonly atMs: number;
}

/**
 * Makes a recorded limiter's decisions again, in no time: a new limiter of the same options (with limits made anew) gets
 * the same calls, clock readings and draws in the same order.
 *
 * ```ts
 * const tape: TapeEntry[] = [];
 * const options = () => ({ limits: [slidingWindow({ limit: 30, intervalMs: 60_000 })] });
 * const limiter = createLimiter({ ...options(), record: (entry) => tape.push(entry) });
 * // ... later, anywhere:
 * console.log(replay(tape, options()));
 * ```
 *
 * @returns the decisions, which are those of the record
 * @throws ReplayError where it would decide otherwise: other options, another version, or a record with a gap
 */
export function replay(
  tape: readonly TapeEntry[],
  options: Omit<LimiterOptions, 'clock' | 'random' | 'record'>,
): Decision[] {
  return new Player(tape).play(options);
}

class Player {
  readonly #tape: readonly TapeEntry[];
  readonly #waiters = new Map<number, Waiter>();
  readonly #decisions: Decision[] = [];
  #position = 0;
  #wake: () => void = () => undefined;
  #limiter: Limiter | undefined;

  constructor(tape: readonly TapeEntry[]) {
    this.#tape = tape;
  }

  play(options: Omit<LimiterOptions, 'clock' | 'random' | 'record'>): Decision[] {
    const clock: Clock = {
      now: () => this.#read('now'),
      epochNow: () => this.#read('epoch'),
      schedule: (_, run) => {
        this.#wake = run;
        return () => undefined;
      },
    };
    this.#limiter = createLimiter({ ...options, clock, random: () => this.#read('draw') });
    while (this.#position < this.#tape.length) this.#act(this.#limiter);
    return this.#decisions;
  }

  /** The new limiter has made a decision: it must be the one that comes next, and what happened within the work follows. */
  decided(id: number, atMs: number): void {
    const entry = this.#next();
    if (entry?.type !== 'admitted' || entry.id !== id || entry.atMs !== atMs) {
      throw this.#diverged(`waiter ${id} starts at ${atMs}`);
    }
    this.#decisions.push({ id, atMs });
    this.#goOn();
  }

  /** The new limiter has given a waiter up. */
  dropped(id: number): void {
    const entry = this.#next();
    if (entry?.type !== 'dropped' || entry.id !== id) throw this.#diverged(`waiter ${id} is given up`);
    this.#goOn();
  }

  /** Does what happened within, until the record says that it returned. */
  #goOn(): void {
    while (this.#limiter !== undefined && this.#tape[this.#position]?.type !== 'returned') this.#act(this.#limiter);
    this.#position++;
  }

  #act(limiter: Limiter): void {
    const entry = this.#next();
    switch (entry?.type) {
      case 'enter':
        this.#enter(limiter, entry);
        break;
      case 'leave':
        this.#leave(limiter, entry.id);
        break;
      case 'release':
        limiter.release(entry.cost, entry.takenAtMs, entry.outcome, entry.key);
        break;
      case 'refund':
        limiter.refund(entry.cost, entry.takenAtMs, entry.key);
        break;
      case 'admitWaiting':
        limiter.admitWaiting();
        break;
      case 'coolDown':
        limiter.coolDown(entry.delayMs, entry.options);
        break;
      case 'refused':
        limiter.refused(entry.refusal);
        break;
      case 'adjust': {
        const { name, delta, takenAtMs, key } = entry;
        attempt(() => limiter.adjust(name, delta, { takenAtMs, key }));
        break;
      }
      case 'refusedSlot':
        limiter.refusedSlot(entry.cost, entry.takenAtMs, entry.key);
        break;
      case 'grantedSlot':
        limiter.grantedSlot(entry.cost, entry.takenAtMs, entry.key);
        break;
      case 'update':
        attempt(() => limiter.update(entry.changes));
        break;
      case 'wake':
        this.#wake();
        break;
      default:
        throw this.#diverged('nothing is to be decided');
    }
  }

  #enter(limiter: Limiter, entry: Extract<TapeEntry, { type: 'enter' }>): void {
    const waiter = new ReplayedWaiter(this, entry);
    this.#waiters.set(entry.id, waiter);
    // What was refused then is refused now.
    attempt(() => limiter.enter(waiter));
  }

  #leave(limiter: Limiter, id: number): void {
    const waiter = this.#waiters.get(id);
    if (waiter !== undefined) limiter.leave(waiter);
  }

  #read(type: 'now' | 'epoch' | 'draw'): number {
    const entry = this.#next();
    if (entry?.type !== type) throw this.#diverged(`a reading of ${type} is due`);
    return entry.value;
  }

  #next(): TapeEntry | undefined {
    return this.#tape[this.#position++];
  }

  #diverged(found: string): ReplayError {
    const position = this.#position - 1;
    return new ReplayError(position, JSON.stringify(this.#tape[position]), found);
  }
}

class ReplayedWaiter extends Waiter {
  readonly #player: Player;
  readonly #id: number;

  constructor(player: Player, { id, cost, place }: Extract<TapeEntry, { type: 'enter' }>) {
    super(cost, place);
    this.#player = player;
    this.#id = id;
  }

  admitted(atMs: number): void {
    this.#player.decided(this.#id, atMs);
  }

  dropped(): void {
    this.#player.dropped(this.#id);
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof ReplayError) throw error;
  }
}
