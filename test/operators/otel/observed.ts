import type { MeterProvider } from '@opentelemetry/api';
import { from, type Observable } from 'rxjs';
import { generate } from '../../../operators/generate.js';
import type { GenerateOptions } from '../../../operators/generating/generateOptions.js';
import type { GenerateResult } from '../../../operators/generating/generateEvents.js';
import { observeTasks, type TaskTelemetry } from '../../../operators/otel/observeTasks.js';
import { Measured } from '../../otel/measured.js';
import { FakeServer, type FakeServerOptions, type Fault, type Sent } from '../fakeServer.js';
import type { Prompt } from '../generating.js';
import { record, type Recording } from '../recording.js';
import { VirtualClock } from '../virtualClock.js';
import { Tracing } from './traced.js';

export interface ObservedOptions extends GenerateOptions<Prompt> {
  readonly prompts: readonly Prompt[] | Observable<Prompt>;
  readonly clock?: VirtualClock;
  readonly server?: Omit<FakeServerOptions, 'clock'>;
  readonly api?: FakeServer;
  /** False: only the observer is used. */
  readonly isWrapped?: boolean;
  readonly name?: string;
  /** Where it is measured and traced, if not by itself. */
  readonly meterProvider?: MeterProvider;
  readonly tracing?: Tracing;
}

/** A run of `generate` that is observed, against a server of our own in virtual time. */
export class Observed {
  readonly clock: VirtualClock;
  readonly server: FakeServer;
  readonly measured = new Measured();
  readonly tracing: Tracing;
  readonly telemetry: TaskTelemetry;
  readonly recording: Recording<GenerateResult<Prompt>>;

  constructor({
    prompts,
    clock,
    server,
    api,
    isWrapped = true,
    name,
    meterProvider,
    tracing,
    ...options
  }: ObservedOptions) {
    this.clock = clock ?? new VirtualClock();
    this.server = api ?? new FakeServer({ ...server, clock: this.clock });
    this.tracing = tracing ?? new Tracing();
    const { tracerProvider } = this.tracing;
    const providers = { meterProvider: meterProvider ?? this.measured.meterProvider, tracerProvider };
    this.telemetry = observeTasks({ ...providers, clock: this.clock, name });
    const source = Array.isArray(prompts) ? from(prompts as readonly Prompt[]) : (prompts as Observable<Prompt>);
    const results = source.pipe(
      generate(isWrapped ? this.telemetry.through(this.server) : this.server, {
        rate: 'off',
        pollIntervalMs: 10,
        jitter: 'none',
        random: () => 0,
        observer: this.telemetry.observer,
        ...options,
        clock: this.clock,
      }),
    );
    this.recording = record(results, () => this.clock.now());
  }

  static async toItsEnd(options: ObservedOptions): Promise<Observed> {
    const observed = new Observed(options);
    await observed.clock.settle();
    return observed;
  }

  /** How many requests of a kind the server has seen. */
  sent(kind: Sent['kind']): number {
    return this.server.sent.filter((sent) => sent.kind === kind).length;
  }

  /** The span of the task of the n-th prompt. */
  taskSpan(index: number): Tracing['spans'][number] {
    const span = this.tracing.spans.find(({ attributes }) => attributes['sluice.task.index'] === index);
    if (span === undefined) throw new Error(`the task ${index} has no span that has ended`);
    return span;
  }
}

/** The first submit of each prompt goes wrong in its own way; `fails` ends without a result. */
export const rough = (sent: Sent): Fault => {
  if (sent.kind === 'poll') return sent.prompt === 'polled' && sent.nth === 1 ? 'too-fast' : undefined;
  if (sent.kind === 'look-up' || sent.nth > 1) return undefined;
  return ({ fast: 'too-fast', full: 'no-slot', lost: 'lost', never: 'invalid' } as const)[sent.prompt];
};
export const roughPrompts: readonly Prompt[] = [
  'plain',
  'fast',
  'full',
  'lost',
  'never',
  'polled',
  { prompt: 'bad', fails: true },
];
export const roughRun = (): Promise<Observed> =>
  Observed.toItsEnd({ prompts: roughPrompts, server: { faultOf: rough, latencyMs: 3 }, concurrent: 2, name: 'videos' });
