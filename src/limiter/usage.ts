import type { Limit } from '../limits/limit.js';
import { costIn, type Cost } from './cost.js';
import type { LimitUsage } from './events.js';

/** @param ofKey of this key alone, where the limit has a budget for each */
export function usageOf(limit: Limit, nowMs: number, ofKey?: { readonly key: unknown }): LimitUsage {
  const { used, capacity, resetsAtMs } = (ofKey && limit.usageOf?.(ofKey.key, nowMs)) ?? limit.usage(nowMs);
  return { name: limit.name, kind: limit.kind, used, capacity, percent: (100 * used) / capacity, resetsAtMs };
}

/** Notices when the use of a rate or a quota climbs to a threshold: once each time, not again before it has fallen below. */
export class UsageAlarm {
  readonly #percent: number;
  readonly #raised = new Set<Limit>();

  /** @param threshold the share of the capacity, from 0 to 1 */
  constructor(threshold: number) {
    this.#percent = threshold * 100;
  }

  /** To be called right after `cost` was admitted, for `key`. */
  check(limits: readonly Limit[], cost: Cost, nowMs: number, key: unknown): readonly LimitUsage[] {
    const crossed: LimitUsage[] = [];
    for (const limit of limits) {
      if (limit.kind !== 'rate' && limit.kind !== 'quota') continue;
      const usage = usageOf(limit, nowMs, { key });
      const usedBefore = usage.used - costIn(limit, cost);
      const wasBelow = (100 * usedBefore) / usage.capacity < this.#percent;
      if (wasBelow) this.#raised.delete(limit);
      // With a budget for each key it is not remembered which were told of: a key is each time that it climbs there.
      const isToldOf = limit.usageOf === undefined ? this.#raised.has(limit) : !wasBelow;
      if (usage.percent < this.#percent || isToldOf) continue;
      this.#raised.add(limit);
      crossed.push(usage);
    }
    return crossed;
  }
}
