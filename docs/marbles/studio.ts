import type { GenerateEvent } from '../../operators/index.js';
import type { KlingRequest } from '../../src/kling/klingRequest.js';
import { createKlingModel, createWire, seededRandom, type KlingModel } from '../../src/simulator/index.js';
import { createSimulatedClient } from '../../src/simulator/simulatedClient.js';
import type { TaskApi } from '../../src/tasks/taskApi.js';
import type { Marble, Span, SpansRow } from './record.js';
import { Workshop, type Stage } from './stage.js';

/** Kling's model in the stage's time behind the real client; every request is seen as it leaves, every slot as it is held. */
export class Studio {
  readonly api: TaskApi<KlingRequest>;
  readonly requests: Marble[] = [];
  readonly observer: { readonly next: (event: GenerateEvent) => void };
  readonly slots: SpansRow;
  readonly #stage: Stage;
  readonly #model: KlingModel;

  constructor(stage: Stage, taskMs: { readonly min: number; readonly max: number }, seed: number) {
    const { clock } = stage;
    this.#stage = stage;
    this.#model = createKlingModel({ tasks: 20, requests: 'off', taskMs, epochAtMs: clock.epochNow() });
    const client = createSimulatedClient({
      wire: createWire({ model: this.#model, clock, random: seededRandom(seed) }),
      clock,
    });
    const seen = (value: string): void => void this.requests.push({ atMs: clock.now(), value, tone: 'quiet' });
    this.api = {
      ...client,
      submit: (...call) => (seen('s'), client.submit(...call)),
      lookUp: (...call) => (seen('?'), client.lookUp(...call)),
      poll: (...call) => (seen('p'), client.poll(...call)),
    };
    const shop = new Workshop(stage, 'slots', 'prompts');
    const held = new Map<number, ReturnType<Workshop['begin']>>();
    this.slots = shop.row;
    this.observer = {
      next(event) {
        if (event.type === 'submitting') held.set(event.index, shop.begin('abcdefgh'.charAt(event.index)));
        if (event.type === 'ended') held.get(event.index)?.end(event.result.status === 'failed' ? 'failed' : 'work');
      },
    };
  }

  /** The tasks themselves, as the model has them: what we only learn by asking. */
  tasksAtKling(): SpansRow {
    const spans: Span[] = [];
    for (const { createdAtMs, endsAtMs, prompt } of this.#model.books(this.#stage.clock.now()).tasks) {
      const busy = spans.filter(({ toMs }) => toMs > createdAtMs).map(({ track }) => track);
      const track = [0, 1, 2, 3].find((it) => !busy.includes(it)) ?? 0;
      spans.push({ value: prompt.charAt(0), track, fromMs: createdAtMs, toMs: endsAtMs, look: 'remote' });
    }
    return { kind: 'spans', label: 'at Kling', spans };
  }
}
