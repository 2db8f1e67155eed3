import { from, type Observable } from 'rxjs';
import { generate } from '../../operators/generate.js';
import type { GenerateEvent, GenerateResult } from '../../operators/generating/generateEvents.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import { FakeServer, type FakeServerOptions, type Order } from './fakeServer.js';
import { record, type Recording } from './recording.js';
import { VirtualClock } from './virtualClock.js';

export type Prompt = string | Partial<Order>;

/** A run of `generate` against a server of our own, in virtual time. */
export interface Generating {
  readonly clock: VirtualClock;
  readonly server: FakeServer;
  readonly recording: Recording<GenerateResult<Prompt>>;
  readonly events: readonly GenerateEvent[];
}

export interface GeneratingOptions extends Partial<GenerateOptions<Prompt>> {
  readonly prompts: readonly Prompt[] | ((clock: VirtualClock) => Observable<Prompt>);
  readonly clock?: VirtualClock;
  readonly server?: Omit<FakeServerOptions, 'clock'>;
  /** A server that is there already. */
  readonly api?: FakeServer;
}

/** Begins one: a Standard tier's slots, no rate, polls each 10 ms, waits of 1 s without jitter unless it is told otherwise. */
export function begin({ prompts, server: serverOptions, api, ...options }: GeneratingOptions): Generating {
  const clock = options.clock ?? new VirtualClock();
  const server = api ?? new FakeServer({ ...serverOptions, clock });
  const events: GenerateEvent[] = [];
  const plain = { rate: 'off', pollIntervalMs: 10, jitter: 'none', random: () => 0 } as const;
  const results = (typeof prompts === 'function' ? prompts(clock) : from(prompts)).pipe(
    generate(server, { ...plain, observer: { next: (event) => events.push(event) }, ...options, clock }),
  );
  const recording = record(results, () => clock.now());
  return { clock, server, recording, events };
}

/** As `begin`, to the end. */
export async function play(options: GeneratingOptions): Promise<Generating> {
  const generating = begin(options);
  await generating.clock.settle();
  return generating;
}
