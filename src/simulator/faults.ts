import * as z from 'zod';
import { durationMs, positiveCount } from '../options.js';
import type { RequestKind } from './routes.js';
import type { Random } from './seededRandom.js';

/**
 * How often: a share of the requests (callbacks, downloads) in question, 0 to 1, or just the k-th of them (from 1; those
 * refused count too).
 */
export type Occurrence = number | { readonly at: readonly number[] };

/** What can go wrong on demand. Each is drawn apart; of those that decide an answer, the first in this order does. */
export interface Faults {
  /** How long a request takes to arrive, and its answer to come back: each way a draw, in ms of Kling's time. */
  readonly latencyMs?: { readonly min: number; readonly max: number } | undefined;
  /** Any request: 429/1302 although within limits, as when others use the account. Nothing is done. */
  readonly tooFast?: Occurrence | undefined;
  /** Any request: the 429 of a proxy, a page without a code. Nothing is done. */
  readonly plain429?: Occurrence | undefined;
  /** A query or list: a 5xx, or a body that cannot be read. */
  readonly pollError?: Occurrence | undefined;
  /** A create: the connection is cut off, nothing was created. */
  readonly resetBefore?: Occurrence | undefined;
  /** A create: 500/5000, 503/5001 or 504/5002, nothing was created. */
  readonly errorBefore?: Occurrence | undefined;
  /** A create: 429/1303 although a slot is free. Nothing was created. */
  readonly noSlot?: Occurrence | undefined;
  /** A create: the task ends without a result. */
  readonly failing?: Occurrence | undefined;
  /** Any request: it is carried out and never answered. */
  readonly hang?: Occurrence | undefined;
  /** A create: the task exists, the connection is cut off. */
  readonly resetAfter?: Occurrence | undefined;
  /** A create: the task exists, the answer is a 5xx. */
  readonly errorAfter?: Occurrence | undefined;
  /** Any request: it is carried out, its answer cannot be read. */
  readonly garbled?: Occurrence | undefined;
  /** A query or list: 200 and code 0, but a status that nobody knows, or `data` of another shape. */
  readonly strange?: Occurrence | undefined;
  /** A callback: it is never sent. */
  readonly callbackLost?: Occurrence | undefined;
  /** A callback: it goes out as late as after the end of its task, behind later ones. */
  readonly callbackLate?: Occurrence | undefined;
  /** A callback: it is sent again a while later, under the same id. */
  readonly callbackTwice?: Occurrence | undefined;
  /** A download (a GET that is not refused): the connection is cut off in the middle of the body. */
  readonly fileReset?: Occurrence | undefined;
  /** A download: the body comes in ten parts, each a second of Kling's time after the one before. */
  readonly fileSlow?: Occurrence | undefined;
}

export type FaultName = Exclude<keyof Faults, 'latencyMs'>;

/** What a fault may hit: requests to the API by their kind, callbacks (one for each change of a status), downloads. */
export type Occasion = RequestKind | 'callback' | 'download';

/** True, and written down, where an occasion was drawn to meet the fault. */
export type Strikes = (fault: FaultName) => boolean;

const anyRequest: readonly Occasion[] = ['create', 'query', 'list', 'costs', 'unknown'];

/** What each fault may hit. */
export const faultScopes: Readonly<Record<FaultName, readonly Occasion[]>> = {
  tooFast: anyRequest,
  plain429: anyRequest,
  pollError: ['query', 'list'],
  resetBefore: ['create'],
  errorBefore: ['create'],
  noSlot: ['create'],
  failing: ['create'],
  hang: anyRequest,
  resetAfter: ['create'],
  errorAfter: ['create'],
  garbled: anyRequest,
  strange: ['query', 'list'],
  callbackLost: ['callback'],
  callbackLate: ['callback'],
  callbackTwice: ['callback'],
  fileReset: ['download'],
  fileSlow: ['download'],
};

export const faultNames = Object.keys(faultScopes) as readonly FaultName[];

const occurrence = z
  .union([z.number().min(0).max(1), z.strictObject({ at: z.tuple([positiveCount], positiveCount) })], {
    error: 'must be a share from 0 to 1, or the numbers of the requests (from 1)',
  })
  .optional();

const range = z
  .strictObject({ min: durationMs, max: durationMs })
  .refine(({ min, max }) => min <= max, { error: 'min must not be over max' });

export const faultsSchema = z.strictObject({
  latencyMs: range.optional(),
  ...(Object.fromEntries(faultNames.map((name) => [name, occurrence])) as Record<FaultName, typeof occurrence>),
});

const noFaults: ReadonlySet<FaultName> = new Set();

/** Draws the faults of each occasion, and keeps count of those that each might have hit. */
export class FaultPlan {
  readonly #planned: readonly { readonly name: FaultName; readonly occurrence: Occurrence }[];
  readonly #seen = new Map<FaultName, number>();

  constructor(faults: Faults) {
    this.#planned = faultNames.flatMap((name) => {
      const planned = faults[name];
      return planned === undefined ? [] : [{ name, occurrence: planned }];
    });
  }

  draw(occasion: Occasion, random: Random): ReadonlySet<FaultName> {
    if (this.#planned.length === 0) return noFaults;
    const drawn = new Set<FaultName>();
    for (const { name, occurrence: planned } of this.#planned) {
      if (!faultScopes[name].includes(occasion)) continue;
      const seen = (this.#seen.get(name) ?? 0) + 1;
      this.#seen.set(name, seen);
      if (typeof planned === 'number' ? random() < planned : planned.at.includes(seen)) drawn.add(name);
    }
    return drawn;
  }
}
