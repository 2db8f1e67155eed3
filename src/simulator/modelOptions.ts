import * as z from 'zod';
import { amount, callback, durationMs, parseOptions, positiveCount, positiveMs } from '../options.js';
import { faultsSchema, type Faults } from './faults.js';
import type { TaskMs } from './life.js';
import { defaultCreditsOf, type Order } from './orders.js';
import type { OthersWindow } from './others.js';

/** What each tier allows: slots, requests in 60 s, credits a day. */
const tiers = {
  free: { tasks: 1, requests: 10, credits: 66 },
  standard: { tasks: 3, requests: 30, credits: 'off' },
  pro: { tasks: 5, requests: 60, credits: 'off' },
  enterprise: { tasks: 10, requests: 'off', credits: 'off' },
} as const;

export type TierName = keyof typeof tiers;

export interface ModelOptions {
  /**
   * Presets for `tasks`, `requests` and `credits`: free 1, 10 and 66; standard 3 and 30; pro 5 and 60; enterprise 10 and
   * whatever numbers are given. Numbers given beside it win. @defaultValue 'standard'
   */
  readonly tier?: TierName | undefined;
  /**
   * Slots: a video holds one while it runs, images hold one each; an integer of at least 1.
   * @defaultValue the tier's
   */
  readonly tasks?: number | undefined;
  /** Requests of one key in any window of `intervalMs`, polls too: 1 to 1,000,000. @defaultValue the tier's */
  readonly requests?: number | 'off' | undefined;
  /** The length of that window, in ms; more than 0. @defaultValue 60_000 */
  readonly intervalMs?: number | undefined;
  /** Credits in a UTC day of the model's clock, at least 0. @defaultValue the tier's */
  readonly credits?: number | 'off' | undefined;
  /** True: a 429 for speed says in `Retry-After` how many seconds to wait. @defaultValue false, as Kling's own */
  readonly retryAfter?: boolean | undefined;
  /** How long tasks take. @defaultValue 24 to 83 s, and one in fifty up to 5 min */
  readonly taskMs?: TaskMs | undefined;
  /** What a task costs, in credits. @defaultValue a second of video 2 (std) or 7 (pro), an image 1 */
  readonly creditsOf?: ((order: Order) => number) | undefined;
  /**
   * What is really deducted for a task that succeeds, in credits (at least 0): its price is reserved until it ends, and
   * given back for this. @defaultValue the price
   */
  readonly deductionOf?: ((order: Order) => number) | undefined;
  /** Other users of the account, who take slots for a while; in ms of the model's clock. @defaultValue nobody */
  readonly others?: readonly OthersWindow[] | undefined;
  /** How long a result's file can be had after the end of its task, in ms (at least 0). @defaultValue 30 days */
  readonly filesExpireMs?: number | undefined;
  /** What goes wrong. @defaultValue nothing */
  readonly faults?: Faults | undefined;
  /** The wall time at 0 ms of the model's clock, in ms since 1970. @defaultValue the start of 2026, UTC */
  readonly epochAtMs?: number | undefined;
  /** The number of the first task, by which it and those after it have their ids (at least 1). @defaultValue 1 */
  readonly firstTask?: number | undefined;
  /** Where the result files are said to be. @defaultValue 'http://simulator.invalid' */
  readonly filesUrl?: string | undefined;
}

const defaultTaskMs: TaskMs = { min: 24_000, max: 83_000, tailMs: 300_000, tailShare: 0.02 };
const startOf2026AtMs = 1_767_225_600_000;
const thirtyDaysMs = 30 * 86_400_000;

const taskMs = z
  .strictObject({
    min: durationMs,
    max: durationMs,
    tailMs: z.optional(durationMs),
    tailShare: z.number().min(0).max(1).optional(),
  })
  .refine(({ min, max, tailMs = max }) => min <= max && max <= tailMs, { error: 'must have min <= max <= tailMs' });

const othersWindow = z
  .strictObject({ fromMs: durationMs, untilMs: durationMs, tasks: positiveCount })
  .refine(({ fromMs, untilMs }) => fromMs < untilMs, { error: 'must have fromMs < untilMs' });

export const modelSchema = z.strictObject({
  tier: z.enum(['free', 'standard', 'pro', 'enterprise']).default('standard'),
  tasks: z.optional(positiveCount),
  requests: z
    .union([z.int().min(1).max(1_000_000), z.literal('off')], { error: "must be 1 to 1000000, or 'off'" })
    .optional(),
  intervalMs: z._default(positiveMs, 60_000),
  credits: z.union([amount, z.literal('off')], { error: "must be a number of at least 0, or 'off'" }).optional(),
  retryAfter: z.boolean().default(false),
  taskMs: taskMs.default(defaultTaskMs),
  creditsOf: z._default(callback<(order: Order) => number>(), () => defaultCreditsOf),
  deductionOf: z.optional(callback<(order: Order) => number>()),
  others: z.array(othersWindow).default([]),
  filesExpireMs: z._default(durationMs, thirtyDaysMs),
  faults: faultsSchema.default({}),
  epochAtMs: z.number().default(startOf2026AtMs),
  firstTask: z._default(positiveCount, 1),
  filesUrl: z.url().default('http://simulator.invalid'),
});

/** Options with every default in its place. */
export interface ModelSettings extends Omit<z.output<typeof modelSchema>, 'tier'> {
  readonly tasks: number;
  readonly requests: number | 'off';
  readonly credits: number | 'off';
}

/** @throws OptionsError */
export function modelSettings(options: ModelOptions): ModelSettings {
  const { tier, ...given } = parseOptions(modelSchema, options, 'createKlingModel');
  const preset = tiers[tier];
  return {
    ...given,
    tasks: given.tasks ?? preset.tasks,
    requests: given.requests ?? preset.requests,
    credits: given.credits ?? preset.credits,
  };
}
