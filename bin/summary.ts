import type { GenerateResult } from '../operators/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import { clean, crop } from './text.js';
import { formatDuration } from './units.js';

/** How a run ended. */
export interface Summary {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Prompts that were not sent, or not known to have been, because the run was stopped. */
  readonly notSent: number;
  /** The failures by what they mean, each with the message of the first. */
  readonly reasons: readonly { readonly meaning: string; readonly count: number; readonly message: string }[];
  /** Refusals for speed, or for want of a slot, of any request. */
  readonly refusals: number;
  /** How long it took, in Kling's time. */
  readonly tookMs: number;
  /** How many times as fast as ours that is. */
  readonly speed: number;
  /** See `limitsAloneMs`. */
  readonly limitsAloneMs: number;
  readonly resultsPath: string;
}

const maxReasonColumns = 200;

export function reasonsOf(results: readonly GenerateResult<KlingRequest>[]): Summary['reasons'] {
  const groups = new Map<string, { meaning: string; count: number; message: string }>();
  for (const { error } of results) {
    if (error === undefined) continue;
    const { meaning, message } = error;
    const group = groups.get(meaning) ?? { meaning, count: 0, message };
    groups.set(meaning, { ...group, count: group.count + 1 });
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

/** A summary for people: a figure a line. */
export function summaryLines(summary: Summary): readonly string[] {
  const { total, succeeded, failed, notSent, reasons, refusals, tookMs, speed, limitsAloneMs, resultsPath } = summary;
  const atSpeed = speed === 1 ? '' : ` (${formatDuration(tookMs / speed)} at speed ${speed})`;
  return [
    `made       ${succeeded} of ${total}`,
    `failed     ${failed}`,
    ...reasons.map(({ meaning, count, message }) =>
      crop(`           ${count} ${meaning}: ${clean(message)}`, maxReasonColumns),
    ),
    ...(notSent > 0 ? [`not sent   ${notSent}`] : []),
    `429s met   ${refusals}`,
    `time       ${formatDuration(tookMs)}${atSpeed}`,
    `at least   ${formatDuration(limitsAloneMs)} by the limits alone`,
    `results    ${resultsPath}`,
  ];
}
