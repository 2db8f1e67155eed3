import type { Reason } from '../operators/generating/reasons.js';
import type { DownloadCounts } from './downloads.js';
import { byFlags, clean, crop } from './text.js';
import { formatCount, formatDuration } from './units.js';

/** How a run ended. */
export interface Summary {
  readonly total: number;
  readonly succeeded: number;
  /** Those that earlier runs had made already, or other workers meanwhile. */
  readonly earlier: number;
  /** True: other workers make the same prompts. */
  readonly isShared?: boolean;
  readonly failed: number;
  /** The failures by what they mean, each with the message of the first. */
  readonly reasons: readonly Reason[];
  /** Prompts that are over for this run, but not for good: overdue, given up for now, or without credits. */
  readonly unfinished: number;
  readonly unfinishedReasons: readonly Reason[];
  /** Prompts that were not sent, or not known to have been, because the run was stopped. */
  readonly notSent: number;
  /** Refusals for speed, or for want of a slot, of any request. */
  readonly refusals: number;
  /** Requests sent, polls too. */
  readonly requests: number;
  /** What the tasks that ended in this run have cost, and those of earlier runs with them. */
  readonly credits: number;
  readonly creditsInAll: number;
  /** How long it took, in Kling's time. */
  readonly tookMs: number;
  /** How many times as fast as ours that is. */
  readonly speed: number;
  /** See `limitsAloneMs`. */
  readonly limitsAloneMs: number;
  /** What was saved of what was made, where that was asked for. */
  readonly videos?: (DownloadCounts & { readonly directory: string }) | undefined;
  readonly resultsPath: string;
  /** True: the same command once more goes on. */
  readonly canGoOn: boolean;
  /** True: what has failed is made once more where that is asked for. */
  readonly canRetry: boolean;
}

const maxReasonColumns = 200;

/** A summary for people: a figure a line. */
export function summaryLines(summary: Summary): readonly string[] {
  const { total, succeeded, earlier, failed, unfinished, notSent, refusals, requests } = summary;
  const { credits, creditsInAll, tookMs, speed, videos } = summary;
  const others = summary.isShared === true ? 'other workers or runs' : 'earlier runs';
  const byEarlier = earlier > 0 ? ` (${earlier} by ${others})` : '';
  const inAll = creditsInAll > credits ? `, ${formatCount(creditsInAll)} with ${others}` : '';
  const atSpeed = speed === 1 ? '' : ` (${formatDuration(tookMs / speed)} at speed ${speed})`;
  return [
    `made       ${succeeded} of ${total}${byEarlier}`,
    `failed     ${failed}`,
    ...summary.reasons.map(reasonLine),
    ...(unfinished > 0 ? [`unfinished ${unfinished}`] : []),
    ...summary.unfinishedReasons.map(reasonLine),
    ...(notSent > 0 ? [`not sent   ${notSent}`] : []),
    `429s met   ${refusals}`,
    `requests   ${formatCount(requests)}`,
    `credits    ${formatCount(credits)}${inAll}`,
    `time       ${formatDuration(tookMs)}${atSpeed}`,
    `at least   ${formatDuration(summary.limitsAloneMs)} by the limits alone`,
    ...(videos === undefined ? [] : [savedLine(videos)]),
    `results    ${summary.resultsPath}`,
    ...(summary.canGoOn ? ['to go on   run the same command again'] : []),
    ...(summary.canRetry
      ? ['to retry   run the same command with --retry-failed: what has failed is made once more']
      : []),
  ];
}

function reasonLine({ meaning, count, message }: Reason): string {
  return crop(`           ${count} ${meaning}: ${clean(byFlags(message))}`, maxReasonColumns);
}

function savedLine({ saved, total, earlier, failed, directory }: NonNullable<Summary['videos']>): string {
  const notes = [
    ...(earlier > 0 ? [`${earlier} by earlier runs`] : []),
    ...(failed > 0 ? [`${failed} could not be`] : []),
  ];
  return `saved      ${saved} of ${total} in ${directory}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}
