import { createLimiter, type Limit, type Limiter, type LimiterOptions, type Outcome } from '../../operators/index.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { VirtualClock } from '../virtualClock.js';

/** What is asked of a limiter, or happens to it. */
export type Step =
  | { readonly type: 'arrive'; readonly cost: number }
  | { readonly type: 'advance'; readonly byMs: number }
  | { readonly type: 'release'; readonly index: number; readonly outcome: Outcome }
  | { readonly type: 'refund' | 'cancel' | 'refusedSlot' | 'grantedSlot'; readonly index: number }
  | { readonly type: 'coolDown'; readonly byMs: number; readonly ramp: boolean }
  | { readonly type: 'refused'; readonly hintMs: number | undefined }
  | { readonly type: 'adjust'; readonly name: string; readonly delta: number }
  | { readonly type: 'nextDay' };

/** Work that a test ends. */
class Probe extends Waiter {
  startedAtMs: number | undefined = undefined;
  lost: string | undefined = undefined;
  hasEnded = false;

  admitted(atMs: number): void {
    this.startedAtMs = atMs;
  }

  dropped(error: Error): void {
    this.lost = error.name;
  }
}

/** One limiter, and what was asked of it. */
export class World {
  readonly clock = new VirtualClock();
  readonly probes: Probe[] = [];
  readonly limiter: Limiter;
  readonly names: readonly string[];

  constructor(limits: readonly Limit[], options: (clock: VirtualClock) => Partial<LimiterOptions>) {
    this.names = limits.map(({ name }) => name);
    this.limiter = createLimiter({ limits, clock: this.clock, random: () => 0.5, ...options(this.clock) });
  }

  get running(): Probe[] {
    return this.probes.filter((probe) => probe.startedAtMs !== undefined && !probe.hasEnded);
  }

  get waiting(): Probe[] {
    return this.probes.filter((probe) => probe.isQueued);
  }

  get log(): unknown {
    return this.probes.map(({ cost, place, startedAtMs, lost }) => ({ cost, key: place.key, startedAtMs, lost }));
  }

  take(step: Step, key?: string): void {
    switch (step.type) {
      case 'arrive':
        this.arrive(new Probe(step.cost, { key, weight: 1, priority: 0 }));
        break;
      case 'release':
        this.#end(step.index, ({ cost, startedAtMs, place }) =>
          this.limiter.release(cost, startedAtMs!, step.outcome, place.key),
        );
        break;
      case 'refund':
        this.#end(step.index, ({ cost, startedAtMs, place }) => this.limiter.refund(cost, startedAtMs!, place.key));
        break;
      case 'cancel': {
        const { waiting } = this;
        if (waiting.length > 0) this.limiter.leave(waiting[step.index % waiting.length]!);
        break;
      }
      case 'coolDown':
        this.limiter.coolDown(step.byMs, { ramp: step.ramp });
        break;
      case 'refused':
        this.limiter.refused({ meaning: 'too-fast', ...(step.hintMs !== undefined && { hintMs: step.hintMs }) });
        break;
      case 'refusedSlot':
        this.#tell(step.index, ({ cost, startedAtMs, place }) =>
          this.limiter.refusedSlot(cost, startedAtMs!, place.key),
        );
        break;
      case 'grantedSlot':
        this.#tell(step.index, ({ cost, startedAtMs, place }) =>
          this.limiter.grantedSlot(cost, startedAtMs!, place.key),
        );
        break;
      case 'adjust':
        if (this.names.includes(step.name)) this.limiter.adjust(step.name, step.delta);
        break;
      case 'advance':
      case 'nextDay':
        break;
    }
  }

  arrive(probe: Probe): void {
    this.probes.push(probe);
    try {
      this.limiter.enter(probe);
    } catch (error) {
      probe.lost = (error as Error).name;
    }
  }

  #tell(index: number, tell: (probe: Probe) => void): void {
    const { running } = this;
    const probe = running[index % Math.max(1, running.length)];
    if (probe !== undefined) tell(probe);
  }

  #end(index: number, end: (probe: Probe) => void): void {
    this.#tell(index, (probe) => {
      probe.hasEnded = true;
      end(probe);
      this.limiter.admitWaiting();
    });
  }
}
