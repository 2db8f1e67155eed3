import type { Observer } from 'rxjs';
import { z } from 'zod';
import { retryScheduleShape, type RetryScheduleOptions } from '../../src/backoff/retrySchedule.js';
import { tiers, type Tier, type TierName } from '../../src/kling/tiers.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { timeZoneName } from '../../src/limits/dailyQuota.js';
import { callback, having, parseOptions, positiveCount, positiveMs } from '../../src/options.js';
import type { GenerateEvent } from './generateEvents.js';
import { timeShape, type TimeOptions } from '../time/clock.js';

export interface GenerateOptions<Input> extends TimeOptions, Omit<RetryScheduleOptions, 'random'> {
  /** Presets for the four figures below; each given beside it overrides the tier's. @defaultValue 'standard' */
  readonly tier?: TierName | Tier;
  /** How many task slots the account has. */
  readonly concurrent?: number;
  /** How many requests of any kind may be sent in a window; `off`: no rate. */
  readonly rate?: { readonly limit: number; readonly intervalMs: number } | 'off';
  /** How many credits may be spent a day; `off`: no quota. */
  readonly dailyCredits?: number | 'off';
  /** The IANA time zone of that day. @defaultValue 'UTC' */
  readonly timeZone?: string;
  /** The share of the rate that is kept free, from 0 up to (not including) 1. @defaultValue 0 */
  readonly headroom?: number;
  /** From a poll of a task to its next, in ms. @defaultValue 10000 */
  readonly pollIntervalMs?: number;
  /** How long to wait for a task's end, in ms; the task itself goes on after it. @defaultValue 3600000 */
  readonly deadlineMs?: number;
  /** The id under which a request is sent, of `[A-Za-z0-9_-]`, at most 64; unique for ever. @defaultValue a random one */
  readonly externalId?: (input: Input, index: number) => string;
  /** Once aborted: nothing new is sent, what was not sent gets no result, what runs is collected. */
  readonly stop?: AbortSignal;
  /** Told of everything that happens to every task; what it throws is reported as RxJS does, and ends nothing. */
  readonly observer?: Pick<Observer<GenerateEvent>, 'next'>;
  /** The slots, where several streams share an account: a limiter with limits named `tasks` and `credits`. */
  readonly slots?: Limiter;
  /** The requests, where several streams share an account. */
  readonly requests?: Limiter;
  /** A source of numbers in [0, 1). @defaultValue Math.random */
  readonly random?: () => number;
}

const offOr = <S extends z.ZodType>(schema: S): z.ZodUnion<[S, z.ZodLiteral<'off'>]> =>
  z.union([schema, z.literal('off')]);

const schema = z.strictObject({
  tier: z
    .union([z.enum(['free', 'standard', 'pro']), z.custom<Tier>((it) => tierShape.safeParse(it).success)], {
      error: 'must be free, standard, pro, or a tier such as tiers.enterprise({ ... })',
    })
    .default('standard'),
  concurrent: positiveCount.optional(),
  rate: offOr(z.strictObject({ limit: positiveCount, intervalMs: positiveMs })).optional(),
  dailyCredits: offOr(z.number().positive()).optional(),
  timeZone: timeZoneName.default('UTC'),
  headroom: z.number().min(0).lt(1).default(0),
  pollIntervalMs: positiveMs.default(10_000),
  deadlineMs: positiveMs.default(3_600_000),
  externalId: callback<(input: unknown, index: number) => string>().optional(),
  stop: z.instanceof(AbortSignal).optional(),
  observer: having<Pick<Observer<GenerateEvent>, 'next'>>('next').optional(),
  slots: having<Limiter>('enter').optional(),
  requests: having<Limiter>('enter').optional(),
  ...retryScheduleShape,
  ...timeShape,
});

const tierShape = z.object({
  concurrent: positiveCount,
  requests: z.object({ limit: positiveCount, intervalMs: positiveMs }),
  dailyCredits: z.number().positive().optional(),
});

/** The options of `generate`, checked; the tier's figures stand where none were given. */
export type ParsedGenerateOptions = ReturnType<typeof parseGenerateOptions>;

/** @throws OptionsError */
export function parseGenerateOptions(options: unknown) {
  const parsed = parseOptions(schema, options, 'generate');
  const tier: Tier = typeof parsed.tier === 'string' ? tiers[parsed.tier] : parsed.tier;
  const { concurrent = tier.concurrent, rate = tier.requests, dailyCredits = tier.dailyCredits ?? 'off' } = parsed;
  return { ...parsed, concurrent, rate, dailyCredits };
}
