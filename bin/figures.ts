import { tiers, type Tier, type TierName } from '../src/kling/index.js';
import type { Rate } from './units.js';
import { UsageError } from './usageError.js';

/** What the account may do; `off`: there is no such limit. */
export interface Figures {
  readonly concurrent: number;
  readonly rate: Rate | 'off';
  readonly dailyCredits: number | 'off';
}

/** The tier, and the exact numbers that override it. */
export interface FigureFlags {
  readonly tier: TierName | 'enterprise';
  readonly concurrent?: number;
  readonly rate?: Rate | 'off';
  readonly dailyCredits?: number | 'off';
}

/** @throws UsageError for an Enterprise tier without its numbers, or with fewer than 10 tasks */
export function figuresOf(flags: FigureFlags): Figures {
  const { tier, concurrent, rate, dailyCredits } = flags;
  if (tier !== 'enterprise') {
    const preset: Tier = tiers[tier];
    return {
      concurrent: concurrent ?? preset.concurrent,
      rate: rate ?? preset.requests,
      dailyCredits: dailyCredits ?? preset.dailyCredits ?? 'off',
    };
  }
  if (concurrent === undefined || rate === undefined) {
    const missing =
      concurrent === undefined ? (rate === undefined ? '--concurrent and --rate' : '--concurrent') : '--rate';
    throw new UsageError(`--tier enterprise needs ${missing}: its numbers are those that you have agreed on`);
  }
  if (concurrent < 10) {
    throw new UsageError(`--tier enterprise has at least 10 tasks at once: raise --concurrent (got ${concurrent})`);
  }
  return { concurrent, rate, dailyCredits: dailyCredits ?? 'off' };
}
