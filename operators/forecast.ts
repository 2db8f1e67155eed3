/**
 * What a run would come to, before it is paid for.
 *
 * @module sluice/forecast
 */
import { finalize, from, lastValueFrom, tap, toArray } from 'rxjs';
import * as z from 'zod';
import { calendarOf } from '../src/limits/calendarDay.js';
import { callback, durationMs, parseOptions } from '../src/options.js';
import type { KlingRequest } from '../src/kling/klingRequest.js';
import { createKlingModel } from '../src/simulator/model.js';
import { seededRandom } from '../src/simulator/seededRandom.js';
import { createSimulatedClient } from '../src/simulator/simulatedClient.js';
import { createWire } from '../src/simulator/wire.js';
import type { Books } from '../src/simulator/books.js';
import { rateAloneMs, slotsAloneMs } from '../src/tasks/limitsAlone.js';
import { VirtualClock } from '../src/virtualClock.js';
import { generate } from './generate.js';
import {
  parseGenerateOptions,
  type GenerateOptions,
  type ParsedGenerateOptions,
} from './generating/generateOptions.js';
import type { GenerateResult } from './generating/generateEvents.js';
import { reasonsOf, type Reason } from './generating/reasons.js';

export type { Reason };

/**
 * How long tasks are taken to last, in ms (over 0): all alike, or evenly between two figures, with a share of slow
 * ones.
 */
export type ExpectedTaskMs =
  number | { readonly min: number; readonly max: number; readonly tailMs?: number; readonly tailShare?: number };

export interface ForecastRunOptions<Input> extends Pick<
  GenerateOptions<Input>,
  | 'tier'
  | 'concurrent'
  | 'rate'
  | 'headroom'
  | 'dailyCredits'
  | 'dailyCreditsPerKey'
  | 'timeZone'
  | 'runCredits'
  | 'key'
  | 'pollIntervalMs'
  | 'deadlineMs'
  | 'observer'
> {
  /** @defaultValue 24 to 83 s, and one in fifty up to 5 min: what has been seen of Kling */
  readonly taskMs?: ExpectedTaskMs;
  /** How long a request takes to be answered, in ms (at least 0). @defaultValue 500 */
  readonly answerMs?: number;
  /** Which of Kling's API standards is spoken: how polls are batched depends on it. @defaultValue 'v1' */
  readonly api?: 'v1' | 'new';
  /** What a request costs, in credits. @defaultValue `estimateCredits` */
  readonly creditsFor?: (request: KlingRequest) => number;
  /** The wall time at the start, in ms since 1970, up to the year 9999: the day's quota goes by it. @defaultValue the start of a day, UTC */
  readonly startAtMs?: number;
  /** The same seed draws the same lives. @defaultValue 1 */
  readonly seed?: number;
}

/** What a run would come to. */
export interface RunForecast {
  readonly prompts: number;
  /** How many would be made. */
  readonly made: number;
  /** What would not be. */
  readonly notMade: readonly Reason[];
  /** From the first request to the last result, in ms. */
  readonly tookMs: number;
  readonly requests: { readonly total: number; readonly submits: number; readonly polls: number };
  readonly credits: number;
  /** On how many days of the time zone tasks are begun. */
  readonly days: number;
  /** The limit that keeps the run from being quicker: slots, requests, or the day's credits; undefined: its longest task alone does. */
  readonly boundBy: 'tasks' | 'requests' | 'credits' | undefined;
}

const taskMsSchema = z.union(
  [
    z
      .number()
      .positive()
      .transform((ms) => ({ min: ms, max: ms })),
    z.strictObject({
      min: durationMs,
      max: durationMs,
      tailMs: z.optional(durationMs),
      tailShare: z.number().min(0).max(1).optional(),
    }),
  ],
  { error: 'must be a time of more than 0 ms, or { min, max, tailMs?, tailShare? }' },
);

const dayMs = 86_400_000;

/** So that the end has a date, too, however long the run. */
const lastAtMs = Date.UTC(9999, 11, 31);
const noInstant = 'must be an instant of the years 1970 to 9999, in ms since 1970';

const schema = z.looseObject({
  taskMs: taskMsSchema.optional(),
  answerMs: z._default(durationMs, 500),
  api: z.enum(['v1', 'new']).default('v1'),
  creditsFor: z.optional(callback<(request: KlingRequest) => number>()),
  startAtMs: z.number(noInstant).min(0, noInstant).max(lastAtMs, noInstant).optional(),
  seed: z.number().default(1),
});

/**
 * What `generate` would do with these prompts, without an account: the same operators, against the model of Kling that
 * the simulator is made of, in virtual time. A thousand prompts take a second or two; an `observer` is told meanwhile.
 *
 * ```ts
 * const { tookMs, requests, credits, boundBy } = await forecast(prompts, { tier: 'standard', taskMs: 90_000 });
 * ```
 *
 * It foresees limits, not accidents: no refusals, nobody else on the account, every task a success.
 *
 * @throws (rejects with) OptionsError
 */
export async function forecast<Input>(
  prompts: Iterable<Input>,
  options: ForecastRunOptions<Input> = {},
): Promise<RunForecast> {
  const { taskMs, answerMs, api, creditsFor, startAtMs, seed, ...rest } = parseOptions(schema, options, 'forecast');
  const given = parseGenerateOptions(rest);
  const clock = new VirtualClock(startAtMs === undefined ? {} : { epochAtMs: startAtMs });
  const concurrent = given.concurrent === 'auto' ? given.tier.concurrent : given.concurrent;
  const model = createKlingModel({
    tasks: concurrent,
    requests: 'off',
    credits: 'off',
    epochAtMs: clock.epochNow(),
    ...(taskMs !== undefined && { taskMs }),
    faults: { latencyMs: { min: answerMs / 2, max: answerMs / 2 } },
  });
  const random = seededRandom(seed);
  const wire = createWire({ model, clock, random });
  const client = createSimulatedClient({ wire, clock, api, ...(creditsFor && { creditsFor }) });
  let tookMs = 0;
  let isOver = false as boolean;
  const work = lastValueFrom(
    from(prompts).pipe(
      generate<Input, KlingRequest>(client, { ...rest, concurrent, clock, random }),
      tap(() => (tookMs = clock.now())),
      finalize(() => (isOver = true)),
      toArray(),
    ),
  );
  // An error is thrown as it is awaited, once the clock has come to rest: before that it is nobody's, and would end a process.
  work.catch(() => undefined);
  await clock.settle(Infinity, () => isOver);
  const results = isOver ? await work : [];
  return summed({ results: lastOfEach(results), tookMs, books: model.books(clock.now()), ...given, concurrent });
}

/** One that is overdue may be followed by its end. */
function lastOfEach<Input>(results: readonly GenerateResult<Input>[]): readonly GenerateResult<Input>[] {
  return [...new Map(results.map((result) => [result.index, result])).values()];
}

interface Run extends Pick<ParsedGenerateOptions, 'rate' | 'dailyCredits' | 'timeZone'> {
  readonly results: readonly GenerateResult<unknown>[];
  readonly tookMs: number;
  readonly books: Books;
  readonly concurrent: number;
}

function summed(run: Run): RunForecast {
  const { results, tookMs, books, timeZone } = run;
  const made = results.filter(({ status }) => status === 'succeeded');
  const { total, create } = books.requests;
  return {
    prompts: results.length,
    made: made.length,
    notMade: reasonsOf(results),
    tookMs,
    requests: { total, submits: create, polls: total - create },
    credits: made.reduce((sum, { credits }) => sum + credits, 0),
    days: daysOf(results, timeZone).size,
    boundBy: made.length === 0 ? undefined : binding(run),
  };
}

/** The limit that alone would have taken the longest. */
function binding({ results, books, concurrent, rate, dailyCredits, timeZone }: Run): RunForecast['boundBy'] {
  const tasks = books.tasks.map(({ weight, createdAtMs, endsAtMs }) => ({
    slots: weight,
    durationMs: endsAtMs - createdAtMs,
  }));
  const aloneMs = {
    tasks: slotsAloneMs(tasks, concurrent),
    requests: rateAloneMs(books.requests.total, rate),
    credits: dailyCredits === 'off' ? 0 : (daysOf(results, timeZone).size - 1) * dayMs,
  };
  const longestMs = Math.max(...Object.values(aloneMs));
  // Without any limit it would still take as long as its longest task.
  if (tasks.some(({ durationMs }) => durationMs >= longestMs)) return undefined;
  return (['credits', 'requests', 'tasks'] as const).find((name) => aloneMs[name] === longestMs);
}

function daysOf(results: readonly GenerateResult<unknown>[], timeZone: string): ReadonlySet<string> {
  const dayAt = calendarOf(timeZone);
  return new Set(
    results.flatMap(({ submittedAtMs }) => (submittedAtMs === undefined ? [] : dayAt(submittedAtMs).date)),
  );
}
