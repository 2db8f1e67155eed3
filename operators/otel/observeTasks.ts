import { context, metrics, trace, type Attributes, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import type { Observer } from 'rxjs';
import * as z from 'zod/mini';
import type { Clock } from '../../src/clock.js';
import { having, nonEmpty, parseOptions } from '../../src/options.js';
import { observing } from '../../src/otel/observing.js';
import { scopeName } from '../../src/otel/scope.js';
import type { TaskApi } from '../../src/tasks/taskApi.js';
import type { GenerateEvent } from '../generating/generateEvents.js';
import { clockFrom, timeShape, type TimeOptions } from '../time/clock.js';
import { observedApi } from './observedApi.js';
import { taskInstruments } from './taskInstruments.js';
import { TaskObserver } from './taskObserver.js';

/** All are optional. */
export interface ObserveTasksOptions extends TimeOptions {
  /** What the stream is called in the attribute `sluice.stream.name`: one of a few names. @defaultValue no such attribute */
  readonly name?: string | undefined;
  /** @defaultValue the global one, as it is by then: one that is set later counts nothing */
  readonly meterProvider?: MeterProvider | undefined;
  /** @defaultValue the global one */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** What `generate` is observed through. */
export interface TaskTelemetry extends Disposable {
  /** For `generate`: counts what happens to tasks, and traces each of them. */
  readonly observer: Pick<Observer<GenerateEvent>, 'next'>;
  /**
   * The same API, with its requests timed, and sent within the span of what they are about: what instruments HTTP puts
   * its own spans beneath. Polls are about many tasks: they are timed only, and sent within what was active as
   * `observeTasks` was called.
   */
  through<Request>(api: TaskApi<Request>): TaskApi<Request>;
  /** Takes the observing away. Spans of tasks of which no end was told end here, as `abandoned`. */
  stop(): void;
}

const schema = z.strictObject({
  name: z.optional(nonEmpty),
  meterProvider: z.optional(having<MeterProvider>('getMeter')),
  tracerProvider: z.optional(having<TracerProvider>('getTracer')),
  ...timeShape,
});

/**
 * Measures and traces the tasks of `generate`: a span for each from coming in to its end, with the requests that submit
 * it or look for it beneath; and counts by what became of them. docs/guides/telemetry.md lists spans and instruments.
 *
 * ```ts
 * const telemetry = observeTasks({ name: 'videos' });
 * prompts$.pipe(
 *   generate(telemetry.through(client), { observer: telemetry.observer }),
 *   finalize(() => telemetry.stop()),
 * );
 * ```
 *
 * The parent of a task's span is what is active where its prompt is emitted. One stream each: its ids tell tasks apart.
 * Results that an earlier run or another worker had, told again from a journal, are not counted again.
 *
 * @throws OptionsError
 */
export function observeTasks(options: ObserveTasksOptions = {}): TaskTelemetry {
  const parsed = parseOptions(schema, options, 'observeTasks');
  const { name, meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider() } = parsed;
  const clock: Clock = clockFrom(parsed);
  const meter = meterProvider.getMeter(scopeName);
  const instruments = taskInstruments(meter);
  const attributes: Attributes = name === undefined ? {} : { 'sluice.stream.name': name };
  const tasks = new TaskObserver(tracerProvider.getTracer(scopeName), instruments, attributes);
  const outside = context.active();
  const unobserve = observing(meter, [instruments.count], (observe) => tasks.observe(observe));
  const stop = (): void => {
    unobserve();
    tasks.stop(clock.epochNow());
  };
  return {
    observer: tasks,
    through: (api) => observedApi(api, { tasks, clock, attributes, duration: instruments.requestDuration, outside }),
    stop,
    [Symbol.dispose]: stop,
  };
}
