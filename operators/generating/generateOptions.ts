import type { Observer } from 'rxjs';
import * as z from 'zod/mini';
import { retryScheduleShape, type RetryScheduleOptions } from '../../src/backoff/retrySchedule.js';
import type { Journal } from '../../src/journal/journal.js';
import { tiers, type Tier, type TierName } from '../../src/kling/tiers.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { timeZoneName } from '../../src/limits/dailyQuota.js';
import { callback, having, parseOptions, positive, positiveCount, positiveMs } from '../../src/options.js';
import type { TaskUpdates } from '../../src/tasks/taskApi.js';
import type { GenerateEvent } from './generateEvents.js';
import { timeShape, type TimeOptions } from '../time/clock.js';

/** All are optional. */
export interface GenerateOptions<Input> extends TimeOptions, Omit<RetryScheduleOptions, 'random'> {
  /** Presets for the three figures below; each given beside it overrides the tier's. @defaultValue 'standard' */
  readonly tier?: TierName | Tier;
  /**
   * How many task slots the account has: an integer of at least 1. `auto`: as many as it says itself, where the API can
   * tell; learnt from refusals otherwise, beginning with the tier's. Either way others on the account make it less, and
   * it probes its way back.
   * @defaultValue the tier's
   */
  readonly concurrent?: number | 'auto';
  /**
   * How many requests of any kind, at least 1, may be sent in any window of more than 0 ms; `off`: no rate.
   * @defaultValue the tier's
   */
  readonly rate?: { readonly limit: number; readonly intervalMs: number } | 'off';
  /** How many credits, more than 0, may be spent a day; `off`: no quota. @defaultValue the tier's */
  readonly dailyCredits?: number | 'off';
  /** How many of them, more than 0, for one `key`. @defaultValue no such quota */
  readonly dailyCreditsPerKey?: number;
  /** The IANA time zone of that day. @defaultValue 'UTC' */
  readonly timeZone?: string;
  /**
   * How many credits, more than 0, may be spent in all (with a journal: by all its runs); what that cannot pay is not
   * sent.
   * @defaultValue no bound
   */
  readonly runCredits?: number;
  /** Whose a prompt is: between keys the slots are shared fairly. @defaultValue nobody's in particular */
  readonly key?: (input: Input) => unknown;
  /**
   * Written before anything is sent: a run that was killed, at whatever instant, goes on from it. Prompts that have ended
   * there are told again and not made again, what runs is adopted before anything new is sent. @defaultValue nothing survives
   */
  readonly journal?: Journal;
  /** True: what ended without a result in an earlier run is made once more, under a new id. @defaultValue false */
  readonly retryFailed?: boolean;
  /** What a prompt is known by, 1 to 40 of `[A-Za-z0-9_-]`; its external id begins with it. @defaultValue what it asks for */
  readonly promptId?: (input: Input, index: number) => string | undefined;
  /** The server's own word that a task has changed (`receiveCallbacks`); polls are then a fallback. */
  readonly updates?: TaskUpdates;
  /** The share of the rate that is kept free, from 0 up to (not including) 1. @defaultValue 0 */
  readonly headroom?: number;
  /**
   * From a poll of a task to its next, in ms (over 0), until enough tasks have ended to know how long they take: then
   * up to four times as often where an end is likely, and as rarely where it is not.
   * @defaultValue 10000; 30000 with `updates`
   */
  readonly pollIntervalMs?: number;
  /** How long to wait for a task's end, in ms (over 0); the task itself goes on after it. @defaultValue 3600000 */
  readonly deadlineMs?: number;
  /**
   * The id under which a request is sent, of `[A-Za-z0-9_-]`, at most 64; unique in the account for ever, and what
   * a journal then knows the prompt by. A task that is made once more gets another one, which begins with the first 40 of
   * its characters. @defaultValue a random one, or with a journal one that follows from run and prompt
   */
  readonly externalId?: (input: Input, index: number) => string;
  /** Once aborted: nothing new is sent, what was not sent gets no result, what runs is collected. */
  readonly stop?: AbortSignal;
  /** Told of everything that happens to every task; what it throws is reported as RxJS does, and ends nothing. */
  readonly observer?: Pick<Observer<GenerateEvent>, 'next'>;
  /**
   * The slots, where several streams share an account: a limiter with limits named `tasks` and `credits`, instead of
   * `concurrent`, `dailyCredits` and `dailyCreditsPerKey`.
   */
  readonly slots?: Limiter;
  /** The requests, where several streams share an account: a limiter, instead of `rate` and `headroom`. */
  readonly requests?: Limiter;
  /** A source of numbers in [0, 1). @defaultValue Math.random */
  readonly random?: () => number;
}

const offOr = <S extends z.ZodMiniType>(schema: S, what: string): z.ZodMiniUnion<[S, z.ZodMiniLiteral<'off'>]> =>
  z.union([schema, z.literal('off')], { error: `must be ${what}, or 'off'` });

const shape = z.strictObject({
  tier: z._default(
    z.union([z.enum(['free', 'standard', 'pro']), z.custom<Tier>((it) => tierShape.safeParse(it).success)], {
      error: 'must be free, standard, pro, or a tier such as tiers.enterprise({ ... })',
    }),
    'standard',
  ),
  concurrent: z.optional(
    z.union([positiveCount, z.literal('auto')], { error: "must be an integer of at least 1, or 'auto'" }),
  ),
  rate: z.optional(offOr(z.strictObject({ limit: positiveCount, intervalMs: positiveMs }), '{ limit, intervalMs }')),
  dailyCredits: z.optional(offOr(positive, 'a number greater than 0')),
  dailyCreditsPerKey: z.optional(positive),
  timeZone: z._default(timeZoneName, 'UTC'),
  runCredits: z.optional(positive),
  key: z.optional(callback<(input: unknown) => unknown>()),
  journal: z.optional(having<Journal>('write')),
  retryFailed: z._default(z.boolean(), false),
  promptId: z.optional(callback<(input: unknown, index: number) => string | undefined>()),
  updates: z.optional(having<TaskUpdates>('on')),
  headroom: z._default(z.number().check(z.gte(0), z.lt(1)), 0),
  pollIntervalMs: z.optional(positiveMs),
  deadlineMs: z._default(positiveMs, 3_600_000),
  externalId: z.optional(callback<(input: unknown, index: number) => string>()),
  stop: z.optional(having<AbortSignal>('addEventListener')),
  observer: z.optional(having<Pick<Observer<GenerateEvent>, 'next'>>('next')),
  slots: z.optional(having<Limiter>('enter')),
  requests: z.optional(having<Limiter>('enter')),
  ...retryScheduleShape,
  ...timeShape,
});

const schema = shape.check(
  z.refine((it) => it.promptId === undefined || it.externalId === undefined, {
    path: ['externalId'],
    error: 'give either externalId or promptId',
  }),
  z.refine(
    ({ slots, ...it }) =>
      slots === undefined || ![it.concurrent, it.dailyCredits, it.dailyCreditsPerKey].some(isNumber),
    {
      path: ['slots'],
      error: 'has limits of its own: give createLimiter concurrency() and dailyQuota() instead of the figures',
    },
  ),
  z.refine(({ requests, ...it }) => requests === undefined || (typeof it.rate !== 'object' && it.headroom === 0), {
    path: ['requests'],
    error: 'has limits of its own: give createLimiter slidingWindow() instead of rate and headroom',
  }),
);

function isNumber(figure: unknown): boolean {
  return typeof figure === 'number';
}

const tierShape = z.object({
  concurrent: positiveCount,
  requests: z.object({ limit: positiveCount, intervalMs: positiveMs }),
  dailyCredits: z.optional(positive),
});

/** The options of `generate`, checked; the tier's figures stand where none were given. */
export type ParsedGenerateOptions = ReturnType<typeof parseGenerateOptions>;

/** @throws OptionsError */
export function parseGenerateOptions(options: unknown) {
  const parsed = parseOptions(schema, options, 'generate');
  const { pollIntervalMs = parsed.updates === undefined ? 10_000 : 30_000 } = parsed;
  const tier: Tier = typeof parsed.tier === 'string' ? tiers[parsed.tier] : parsed.tier;
  const { concurrent = tier.concurrent, rate = tier.requests, dailyCredits = tier.dailyCredits ?? 'off' } = parsed;
  return { ...parsed, tier, concurrent, rate, dailyCredits, pollIntervalMs };
}
