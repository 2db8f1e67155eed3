import { tiers, type Tier, type TierName } from '../src/kling/index.js';
import type { Rate } from './units.js';
import { UsageError } from './usageError.js';

/** What the account may do; `off`: there is no such limit. */
export interface Figures {
  readonly concurrent: number;
  /** True: the account is asked how many tasks it may have at once; `concurrent` is where to begin if it does not say. */
  readonly isAuto: boolean;
  readonly rate: Rate | 'off';
  readonly dailyCredits: number | 'off';
  /** Of whose midnight a new day's credits come. */
  readonly timeZone: string;
}

/** The tier, and the exact numbers that override it. */
export interface FigureFlags {
  readonly tier: TierName | 'enterprise';
  readonly concurrent?: number;
  readonly rate?: Rate | 'off';
  readonly dailyCredits?: number | 'off';
}

/** The same, where an account can also be asked. */
export interface AskingFigureFlags extends Omit<FigureFlags, 'concurrent'> {
  readonly concurrent?: number | 'auto';
  readonly timeZone?: string;
}

/** Where an Enterprise account begins: it has at least so many tasks at once. */
const leastOfEnterprise = 10;

/** @throws UsageError for an Enterprise tier without its numbers, or with fewer than 10 tasks */
export function figuresOf(flags: AskingFigureFlags): Figures {
  const { concurrent, timeZone = 'UTC' } = flags;
  const preset = presetOf(flags);
  return {
    concurrent: typeof concurrent === 'number' ? concurrent : preset.concurrent,
    isAuto: concurrent === 'auto',
    rate: flags.rate ?? preset.requests,
    dailyCredits: flags.dailyCredits ?? preset.dailyCredits ?? 'off',
    timeZone,
  };
}

type Preset = Pick<Tier, 'concurrent' | 'dailyCredits'> & { readonly requests: Rate | 'off' };

function presetOf({ tier, concurrent, rate }: AskingFigureFlags): Preset {
  if (tier !== 'enterprise') return tiers[tier];
  if (concurrent === undefined || rate === undefined) {
    const missing =
      concurrent === undefined ? (rate === undefined ? '--concurrent and --rate' : '--concurrent') : '--rate';
    throw new UsageError(`--tier enterprise needs ${missing}: its numbers are those that you have agreed on`);
  }
  if (concurrent !== 'auto' && concurrent < leastOfEnterprise) {
    throw new UsageError(
      `--tier enterprise has at least ${leastOfEnterprise} tasks at once: raise --concurrent (got ${concurrent})`,
    );
  }
  return { concurrent: leastOfEnterprise, requests: rate };
}
