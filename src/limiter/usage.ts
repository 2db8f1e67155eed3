import type { Limit } from '../limits/limit.js';
import type { LimitUsage } from './events.js';
import { costIn, type Cost } from './waiter.js';

export function usageOf(limit: Limit, nowMs: number): LimitUsage {
  const { used, capacity, resetsAtMs } = limit.usage(nowMs);
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

  /** To be called right after `cost` was admitted. */
  check(limits: readonly Limit[], cost: Cost, nowMs: number): readonly LimitUsage[] {
    const crossed: LimitUsage[] = [];
    for (const limit of limits) {
      if (limit.kind !== 'rate' && limit.kind !== 'quota') continue;
      const usage = usageOf(limit, nowMs);
      const usedBefore = usage.used - costIn(limit, cost);
      if ((100 * usedBefore) / usage.capacity < this.#percent) this.#raised.delete(limit);
      if (usage.percent < this.#percent || this.#raised.has(limit)) continue;
      this.#raised.add(limit);
      crossed.push(usage);
    }
    return crossed;
  }
}
