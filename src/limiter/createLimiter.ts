import * as z from 'zod/mini';
import { monotonic, systemClock, type Clock } from '../clock.js';
import { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from '../backoff/retryBudget.js';
import { OptionsError } from '../errors.js';
import type { Limit } from '../limits/limit.js';
import { callback, having, parseOptions } from '../options.js';
import type { Classify } from '../refusal.js';
import { CoolDown, coolDownSchema, type CoolDownOptions } from './coolDown.js';
import { Limiter } from './limiter.js';
import type { LimiterParts } from './limiterParts.js';
import { MemoryStore } from './memoryStore.js';
import { queueSchema, unbounded, type Overflow } from './queueSettings.js';
import { RecordedLimiter } from './recordedLimiter.js';
import type { LimiterStore } from './store.js';
import { Tape, type Recorder } from './tape.js';

export interface LimiterOptions {
  /** All of them must let a piece of work start; none is taken while another says no. None at all: only cool-downs hold. */
  readonly limits: readonly Limit[];
  /** How many may wait, and what happens to one more. @defaultValue unbounded */
  readonly queue?: {
    /** An integer of at least 1, or Infinity. */
    readonly maxSize: number;
    /** @defaultValue 'error' */
    readonly overflow?: Overflow | undefined;
  };
  /** Bounds the retries of all who share the limiter to a share of their requests. @defaultValue unbounded */
  readonly retryBudget?: RetryBudgetOptions | RetryBudget;
  /** Where the limits are kept, if several processes share them: `redisStore`. @defaultValue in this process alone */
  readonly store?: LimiterStore;
  /**
   * How long a refusal keeps everybody waiting.
   * @defaultValue from 1 s, doubled up to 60 s; 30 to 60 s from the fifth in a row on
   */
  readonly coolDown?: CoolDownOptions;
  /** The share of a rate or a quota at which listeners get a `warning`, from 0 to 1. @defaultValue 0.8 */
  readonly warnAt?: number;
  /** What an error of the work means: a `too-fast` one cools everybody down. @defaultValue none does */
  readonly classify?: Classify;
  /** Told of all that a decision follows from, and of each decision: `replay` makes the same ones of it again. */
  readonly record?: Recorder;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** A source of numbers in [0, 1), for the jitter of the backoff. @defaultValue Math.random */
  readonly random?: () => number;
}

const schema = z.strictObject({
  store: z.optional(having<LimiterStore>('open')),
  limits: z.array(having<Limit>('earliest')),
  queue: z._default(queueSchema, unbounded),
  retryBudget: z.optional(
    z.custom<RetryBudget | RetryBudgetOptions>((value: unknown) => typeof value === 'object' && value !== null, {
      error: 'must be the options of a retry budget, or one made by createRetryBudget',
    }),
  ),
  coolDown: z.prefault(coolDownSchema, {}),
  warnAt: z._default(z.number().check(z.gte(0), z.lte(1)), 0.8),
  classify: z.optional(callback<Classify>()),
  record: z.optional(callback<Recorder>()),
  clock: z._default(having<Clock>('schedule'), systemClock),
  random: z._default(callback<() => number>(), () => Math.random),
});

/**
 * A limiter over any number of limits, with one queue in front of them.
 *
 * @throws OptionsError, also for two limits of one name, and for a limit that the store cannot share
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const parsed = parseOptions(schema, options, 'createLimiter');
  const { record, random } = parsed;
  // One view of the clock for all: what the store is told of an instant is what the limiter saw.
  const clock = monotonic(parsed.clock);
  if (record === undefined) return new Limiter(partsOf(parsed, clock, clock, random));
  if (parsed.store !== undefined) {
    throw new OptionsError('createLimiter: what a shared store decides cannot be recorded: leave record out', 'record');
  }
  const tape = new Tape(record);
  return new RecordedLimiter(partsOf(parsed, clock, tape.clock(clock), tape.random(random)), tape);
}

/** @throws OptionsError for two limits of one name */
function partsOf(options: z.output<typeof schema>, clock: Clock, time: Clock, random: () => number): LimiterParts {
  const { limits, queue, retryBudget, warnAt, classify } = options;
  const names = limits.map((limit) => limit.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new OptionsError(`createLimiter: two limits are named "${twice}": give one of them a name`, 'limits');
  }
  const kept = options.store?.open({ ...options, clock, random }) ?? keptHere(options, time, random);
  const isShared = options.store !== undefined;
  return { ...kept, isShared, clock, time, queue, warnAt, classify, retryBudget: budgetFrom(retryBudget) };
}

function keptHere(
  { limits, coolDown }: z.output<typeof schema>,
  clock: Clock,
  random: () => number,
): Pick<LimiterParts, 'store' | 'coolDown'> {
  const gate = new CoolDown(coolDown, random);
  return { store: new MemoryStore([...limits, gate], () => clock.epochNow()), coolDown: gate };
}

function budgetFrom(given: RetryBudget | RetryBudgetOptions | undefined): RetryBudget | undefined {
  if (given === undefined || 'tryRetry' in given) return given;
  return createRetryBudget(given);
}
