import * as z from 'zod/mini';
import { parseOptions, positive, positiveCount } from '../options.js';

/** What an account may do. */
export interface Tier {
  /** Tasks at once, from acceptance to their end. */
  readonly concurrent: number;
  /** Requests in any window of `intervalMs`. */
  readonly requests: { readonly limit: number; readonly intervalMs: number };
  /** Credits a calendar day; no such limit where it is left out. */
  readonly dailyCredits?: number;
}

/** The tiers that their name describes completely; an Enterprise account has numbers of its own. */
export type TierName = 'free' | 'standard' | 'pro';

export interface EnterpriseOptions {
  /** Tasks at once: an integer of at least 10. */
  readonly concurrent: number;
  /** Requests a minute: an integer of at least 1. */
  readonly requestsPerMinute: number;
  /** Credits a calendar day: more than 0. @defaultValue no such limit */
  readonly dailyCredits?: number | undefined;
}

const enterpriseOptions = z.strictObject({
  concurrent: z.int().check(z.gte(10, { error: 'must be at least 10 tasks: an Enterprise account has no fewer' })),
  requestsPerMinute: positiveCount,
  dailyCredits: z.optional(positive),
});

/**
 * The tiers by name, and Enterprise as a function of the numbers agreed.
 *
 * | tier | tasks at once | requests a minute | credits a day |
 * |---|---|---|---|
 * | free | 1 | 10 | 66 |
 * | standard | 3 | 30 | |
 * | pro | 5 | 60 | |
 * | enterprise | 10 or more | as agreed | as agreed |
 *
 * Presets: Kling documents the number of tasks by resource pack, and no request rate. Exact numbers are better.
 */
export const tiers = {
  free: { concurrent: 1, requests: perMinute(10), dailyCredits: 66 },
  standard: { concurrent: 3, requests: perMinute(30) },
  pro: { concurrent: 5, requests: perMinute(60) },
  /** @throws OptionsError for fewer than 10 tasks. */
  enterprise(options: EnterpriseOptions): Tier {
    const agreed = parseOptions(enterpriseOptions, options, 'tiers.enterprise');
    const { concurrent, requestsPerMinute, dailyCredits } = agreed;
    return { concurrent, requests: perMinute(requestsPerMinute), ...(dailyCredits !== undefined && { dailyCredits }) };
  },
} as const satisfies Record<TierName, Tier> & { enterprise: (options: EnterpriseOptions) => Tier };

function perMinute(limit: number): Tier['requests'] {
  return { limit, intervalMs: 60_000 };
}
