import { metrics, type Attributes, type MeterProvider } from '@opentelemetry/api';
import * as z from 'zod/mini';
import type { Cancel } from '../clock.js';
import type { LimiterEvent } from '../limiter/events.js';
import type { Limiter } from '../limiter/limiter.js';
import { having, nonEmpty, parseOptions } from '../options.js';
import { limiterInstruments, type LimiterInstruments } from './limiterInstruments.js';
import { observing, type Observe } from './observing.js';
import { scopeName } from './scope.js';
import { Waits } from './waits.js';

export interface MeterLimiterOptions {
  /** What the limiter is called in the attribute `sluice.limiter.name`: one of a few names, never a user's. */
  readonly name: string;
  /** @defaultValue the global one, as it is by then: one that is set later counts nothing */
  readonly meterProvider?: MeterProvider | undefined;
}

const schema = z.strictObject({
  name: nonEmpty,
  meterProvider: z.optional(having<MeterProvider>('getMeter')),
});

/**
 * Measures a limiter: how far its limits are used, who holds permits, who waits and for how long, what is refused and
 * dropped, and how it cools down. Several limiters share the instruments; each has its `sluice.limiter.name`.
 *
 * What is observed is read off `limiter.snapshot()` as it is collected; the rest listens to `limiter.on`, so that a limiter
 * that nobody measures pays nothing. Time is that of the limiter's clock. docs/guides/telemetry.md lists the instruments.
 *
 * @returns takes the measuring away: nothing more is counted, and what was observed is told once more, as 0
 * @throws OptionsError
 */
export function meterLimiter(limiter: Pick<Limiter, 'on' | 'snapshot'>, options: MeterLimiterOptions): Cancel {
  const { name, meterProvider = metrics.getMeterProvider() } = parseOptions(schema, options, 'meterLimiter');
  const meter = meterProvider.getMeter(scopeName);
  const instruments = limiterInstruments(meter);
  const metered = new MeteredLimiter(limiter, name, instruments);
  const { usage, limit, active, waiting, remaining } = instruments;
  const unobserve = observing(meter, [usage, limit, active, waiting, remaining], (result) => metered.observe(result));
  const unlisten = limiter.on((event) => metered.count(event));
  return () => {
    unlisten();
    unobserve();
  };
}

class MeteredLimiter {
  readonly #limiter: Pick<Limiter, 'snapshot'>;
  readonly #attributes: Attributes;
  readonly #instruments: LimiterInstruments;
  readonly #waits: Waits;

  constructor(limiter: Pick<Limiter, 'snapshot'>, name: string, instruments: LimiterInstruments) {
    this.#limiter = limiter;
    this.#attributes = { 'sluice.limiter.name': name };
    this.#instruments = instruments;
    this.#waits = new Waits(limiter.snapshot().waiting);
  }

  count(event: LimiterEvent): void {
    const { drops, refusals, coolDowns } = this.#instruments;
    switch (event.type) {
      case 'waiting':
        this.#waits.came(event.atMs, event.waiting);
        break;
      case 'admitted':
        this.#admitted(event.atMs, event.waiting);
        break;
      case 'dropped':
        this.#waits.left(event.waiting);
        drops.add(1, this.#attributes);
        break;
      case 'refused':
        refusals.add(1, { ...this.#attributes, 'sluice.refusal.meaning': event.refusal.meaning });
        break;
      case 'cooled':
        coolDowns.add(1, this.#attributes);
        break;
      default:
        break;
    }
  }

  observe(observe: Observe): void {
    const { usage, limit, active, waiting, remaining } = this.#instruments;
    const snapshot = this.#limiter.snapshot();
    observe(active, snapshot.active, this.#attributes);
    observe(waiting, snapshot.waiting, this.#attributes);
    observe(remaining, snapshot.coolDownMs / 1_000, this.#attributes);
    for (const { name, kind, used, capacity } of snapshot.limits) {
      const attributes = { ...this.#attributes, 'sluice.limit.name': name, 'sluice.limit.kind': kind };
      observe(usage, used, attributes);
      // What has no end has no figure.
      if (capacity !== Infinity) observe(limit, capacity, attributes);
    }
  }

  #admitted(atMs: number, waiting: number): void {
    const { admissions, wait } = this.#instruments;
    const waitedMs = this.#waits.went(atMs, waiting);
    admissions.add(1, this.#attributes);
    if (waitedMs !== undefined) wait.record(waitedMs / 1_000, this.#attributes);
  }
}
