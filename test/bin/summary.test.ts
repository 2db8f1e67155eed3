import { describe, expect, it } from 'vitest';
import { summaryLines, type Summary } from '../../bin/summary.js';

const summary: Summary = {
  total: 24,
  succeeded: 24,
  earlier: 0,
  failed: 0,
  notSent: 0,
  reasons: [],
  refusals: 0,
  unfinished: 0,
  unfinishedReasons: [],
  requests: 1_072,
  credits: 1_240.5,
  creditsInAll: 1_240.5,
  canGoOn: false,
  canRetry: false,
  tookMs: 451_000,
  speed: 60,
  limitsAloneMs: 432_000,
  resultsPath: 'sluice-out/results.jsonl',
};

describe('summaryLines', () => {
  it('says how a run ended', () => {
    expect(summaryLines(summary)).toEqual([
      'made       24 of 24',
      'failed     0',
      '429s met   0',
      'requests   1,072',
      'credits    1,240.5',
      'time       7 min 31 s (7.5 s at speed 60)',
      'at least   7 min 12 s by the limits alone',
      'results    sluice-out/results.jsonl',
    ]);
  });

  it('says what failed and why, and what was not sent', () => {
    const reasons = [{ meaning: 'failed' as const, count: 2, message: 'The\x1b[2J task\nfailed' }];
    expect(summaryLines({ ...summary, succeeded: 20, failed: 2, notSent: 2, speed: 1, reasons }).slice(0, 6)).toEqual([
      'made       20 of 24',
      'failed     2',
      '           2 failed: The [2J task failed',
      'not sent   2',
      '429s met   0',
      'requests   1,072',
    ]);
  });

  it('says how what has failed is made once more', () => {
    const lines = summaryLines({ ...summary, succeeded: 22, failed: 2, canRetry: true });
    expect(lines.at(-1)).toBe('to retry   run the same command with --retry-failed: what has failed is made once more');
  });

  it('says what earlier runs had done, what was saved, and what is left for a later one', () => {
    const unfinishedReasons = [{ meaning: 'overdue' as const, count: 2, message: 'not done' }];
    const videos = { total: 20, saved: 19, earlier: 7, failed: 1, directory: 'sluice-out/videos' };
    const changed = { succeeded: 20, earlier: 7, unfinished: 2, unfinishedReasons, notSent: 2, creditsInAll: 2_000 };
    expect(summaryLines({ ...summary, ...changed, videos, canGoOn: true, speed: 1 })).toEqual([
      'made       20 of 24 (7 by earlier runs)',
      'failed     0',
      'unfinished 2',
      '           2 overdue: not done',
      'not sent   2',
      '429s met   0',
      'requests   1,072',
      'credits    1,240.5, 2,000 with earlier runs',
      'time       7 min 31 s',
      'at least   7 min 12 s by the limits alone',
      'saved      19 of 20 in sluice-out/videos (7 by earlier runs, 1 could not be)',
      'results    sluice-out/results.jsonl',
      'to go on   run the same command again',
    ]);
  });
});
