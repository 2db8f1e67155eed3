import type { Counter, Histogram, Meter, Observable } from '@opentelemetry/api';

/** From a free limiter to a day's quota, in s. */
const waitBoundaries = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400];

/** What a limiter is measured with; named as OpenTelemetry's conventions have it, listed in docs/guides/telemetry.md. */
export interface LimiterInstruments {
  readonly usage: Observable;
  readonly limit: Observable;
  readonly active: Observable;
  readonly waiting: Observable;
  readonly remaining: Observable;
  readonly wait: Histogram;
  readonly admissions: Counter;
  readonly drops: Counter;
  readonly refusals: Counter;
  readonly coolDowns: Counter;
}

/** All limiters of a meter get the same ones. */
export function limiterInstruments(meter: Meter): LimiterInstruments {
  return {
    usage: meter.createObservableUpDownCounter('sluice.limiter.usage', {
      unit: '{unit}',
      description: 'How much of a limit is used.',
    }),
    limit: meter.createObservableUpDownCounter('sluice.limiter.limit', {
      unit: '{unit}',
      description: 'How much of a limit there is.',
    }),
    active: meter.createObservableUpDownCounter('sluice.limiter.permit.active', {
      unit: '{permit}',
      description: 'Work that has started and not ended.',
    }),
    waiting: meter.createObservableUpDownCounter('sluice.limiter.permit.waiting', {
      unit: '{permit}',
      description: 'Work that waits for its permit.',
    }),
    remaining: meter.createObservableGauge('sluice.limiter.cooldown.remaining', {
      unit: 's',
      description: 'How long the cool-down still keeps everybody out.',
    }),
    wait: meter.createHistogram('sluice.limiter.wait.duration', {
      unit: 's',
      description: 'Time in the queue until the permit came, taken first in, first out.',
      advice: { explicitBucketBoundaries: waitBoundaries },
    }),
    admissions: meter.createCounter('sluice.limiter.admissions', {
      unit: '{permit}',
      description: 'Permits given.',
    }),
    drops: meter.createCounter('sluice.limiter.drops', {
      unit: '{permit}',
      description: 'Work given up by a full queue or a spent budget.',
    }),
    refusals: meter.createCounter('sluice.limiter.refusals', {
      unit: '{refusal}',
      description: 'Refusals that the limiter was told of.',
    }),
    coolDowns: meter.createCounter('sluice.limiter.cooldowns', {
      unit: '{cooldown}',
      description: 'Times that the limiter was closed to everybody, or for longer.',
    }),
  };
}
