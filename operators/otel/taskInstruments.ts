import type { Counter, Histogram, Meter, Observable } from '@opentelemetry/api';

/** In s: a request is answered in less than a second, or times out; a wait or a task takes up to hours. */
const requestBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60];
const taskBoundaries = [1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 1_800, 3_600, 14_400];

/** What tasks are measured with; named as OpenTelemetry's conventions have it, listed in docs/guides/telemetry.md. */
export interface TaskInstruments {
  readonly count: Observable;
  readonly queueDuration: Histogram;
  readonly duration: Histogram;
  readonly requestDuration: Histogram;
  readonly attempts: Counter;
  readonly submissions: Counter;
  readonly adoptions: Counter;
  readonly completions: Counter;
  readonly refusals: Counter;
  readonly retries: Counter;
  readonly credits: Counter;
}

export function taskInstruments(meter: Meter): TaskInstruments {
  return {
    count: meter.createObservableUpDownCounter('sluice.task.count', {
      unit: '{task}',
      description: 'Tasks that have not ended, by whether they wait or have been sent.',
    }),
    queueDuration: meter.createHistogram('sluice.task.queue.duration', {
      unit: 's',
      description: 'From coming in to the first request: the wait for a slot and for the rate.',
      advice: { explicitBucketBoundaries: taskBoundaries },
    }),
    duration: meter.createHistogram('sluice.task.duration', {
      unit: 's',
      description: 'From when the server was first known to have it to when it was known to have ended.',
      advice: { explicitBucketBoundaries: taskBoundaries },
    }),
    requestDuration: meter.createHistogram('sluice.client.request.duration', {
      unit: 's',
      description: 'Requests to the API, from sending to the whole answer.',
      advice: { explicitBucketBoundaries: requestBoundaries },
    }),
    attempts: meter.createCounter('sluice.task.attempts', {
      unit: '{attempt}',
      description: 'Requests to create a task that were sent.',
    }),
    submissions: meter.createCounter('sluice.task.submissions', {
      unit: '{task}',
      description: 'Tasks that the server was first known to have.',
    }),
    adoptions: meter.createCounter('sluice.task.adoptions', {
      unit: '{task}',
      description: 'Tasks that were taken over from an earlier run.',
    }),
    completions: meter.createCounter('sluice.task.completions', {
      unit: '{task}',
      description: 'Tasks that are over, by how.',
    }),
    refusals: meter.createCounter('sluice.task.refusals', {
      unit: '{refusal}',
      description: 'Refusals of any request about a task.',
    }),
    retries: meter.createCounter('sluice.task.retries', {
      unit: '{retry}',
      description: 'Retries that were decided upon after a refusal.',
    }),
    credits: meter.createCounter('sluice.task.credits', {
      unit: '{credit}',
      description: 'What tasks have cost.',
    }),
  };
}
