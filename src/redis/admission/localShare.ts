import type { Clock } from '../../clock.js';
import { CoolDown, coolDownSchema } from '../../limiter/coolDown.js';
import { costIn } from '../../limiter/cost.js';
import { MemoryStore } from '../../limiter/memoryStore.js';
import { budget } from '../../limits/budget.js';
import { concurrency } from '../../limits/concurrency.js';
import { evenly } from '../../limits/evenly.js';
import type { Limit, LimitFigures, Outcome } from '../../limits/limit.js';
import { perKey } from '../../limits/perKey.js';
import { slidingWindow } from '../../limits/slidingWindow.js';
import { tokenBucket } from '../../limits/tokenBucket.js';
import type { Holding } from './holdings.js';
import type { MirroredLimit } from './mirroredLimit.js';

export interface LocalShareOptions {
  readonly limits: readonly MirroredLimit[];
  /** What of each limit is this process' own, from 0 to 1. */
  readonly share: number;
  readonly clock: Clock;
  /** What runs. */
  readonly holdings: Iterable<Holding>;
  /** How long nothing new starts: until what was used before counts no more, in ms. */
  readonly closedMs: number;
}

/**
 * A process' equal share of limits that cannot be asked about: rounded down, so that all shares together never pass them.
 * It may be none at all, of three slots for eight processes. Of quotas and budgets it is that of what was left as they
 * were last heard of, if that was lately.
 */
export class LocalShare {
  readonly store: MemoryStore;

  constructor({ limits, share, clock, holdings, closedMs }: LocalShareOptions) {
    const gate = new CoolDown(coolDownSchema.parse({}), () => 0);
    gate.close(closedMs, clock.now(), false);
    const knownSinceMs = clock.now() - closedMs;
    const own = limits.map((limit) => ownPart(limit, share, knownSinceMs));
    this.store = new MemoryStore([...own, gate], () => clock.epochNow());
    this.store.observeWall(clock.now());
    for (const { cost, key, takenAtMs } of holdings) {
      for (const limit of own) limit.take(costIn(limit, cost), takenAtMs, key);
    }
  }

  ended({ cost, key, takenAtMs }: Holding, nowMs: number, outcome: Outcome | 'refund'): void {
    if (outcome === 'refund') this.store.refund(cost, takenAtMs, key);
    else this.store.release(cost, takenAtMs, nowMs, outcome, key);
  }
}

/** Of what is spent for good there is no share where the others may have spent it since it was last heard of. */
function ownPart(limit: MirroredLimit, share: number, knownSinceMs: number): Limit {
  const { original, name } = limit;
  // What each key has spent is never told.
  if (limit.isKeyed === true) return perKey((key) => part(original.describe!(key), share, name, Infinity));
  const { used, capacity, atMs } = limit.lastHeard;
  return part(original.describe!(), share, name, atMs < knownSinceMs ? Infinity : used, capacity);
}

function part(figures: LimitFigures, share: number, name: string, used: number, level?: number): Limit {
  switch (figures.type) {
    case 'slidingWindow':
    case 'evenly': {
      const { intervalMs, countUntil } = figures;
      const limit = Math.floor(figures.limit * share);
      if (limit === 0) return nothing(name);
      return figures.type === 'evenly'
        ? evenly({ limit, intervalMs, countUntil, name })
        : slidingWindow({ limit, intervalMs, countUntil, name });
    }
    case 'tokenBucket': {
      const capacity = Math.floor(figures.capacity * share);
      if (capacity === 0) return nothing(name);
      return tokenBucket({
        capacity,
        refill: figures.refill * share,
        intervalMs: figures.intervalMs,
        initial: 0,
        name,
      });
    }
    case 'concurrency':
    case 'adaptiveConcurrency': {
      const limit = Math.floor((figures.type === 'concurrency' ? figures.limit : (level ?? figures.initial)) * share);
      return limit === 0 ? nothing(name) : concurrency({ limit, name });
    }
    case 'dailyQuota':
    case 'budget': {
      const left = (figures.limit - used) * share;
      return left > 0 ? budget({ limit: left, whenSpent: 'wait', name }) : nothing(name);
    }
  }
}

/** Lets nothing pass that costs. */
function nothing(name: string): Limit {
  return {
    name,
    kind: 'slots',
    capacity: 0,
    earliest: (cost, nowMs) => (cost === 0 ? nowMs : Infinity),
    take: () => undefined,
    release: () => undefined,
    refund: () => undefined,
    usage: (nowMs) => ({ used: 0, capacity: 0, resetsAtMs: nowMs }),
  };
}
