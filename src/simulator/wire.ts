import type { Cancel, Clock } from '../clock.js';
import type { Answer } from './answers.js';
import type { KlingModel, KlingRequest } from './model.js';
import type { Random } from './seededRandom.js';

/** What can come back over a wire; silence cannot. */
export type Delivery = Exclude<Answer, { kind: 'hang' }>;

export interface WireOptions {
  readonly model: KlingModel;
  /** Its `now()` is the model's time. */
  readonly clock: Clock;
  readonly random: Random;
}

/** The way between clients and a model; what the HTTP server stands on, and as good in virtual time. */
export interface Wire {
  /**
   * Carries a request there and its answer back, each way as late as the faults say; at once, and synchronously, where
   * there is no latency. A request is carried out even if nobody waits for it any more.
   */
  send(request: KlingRequest, deliver: (delivery: Delivery) => void): void;
  /** Drops what is on its way, and whatever is sent from now on. */
  close(): void;
}

export function createWire({ model, clock, random }: WireOptions): Wire {
  const onTheWay = new Set<Cancel>();
  let closed = false;

  function afterLatency(run: () => void): void {
    const latencyMs = model.latencyMs(random);
    if (latencyMs === 0) {
      run();
      return;
    }
    const cancel = clock.schedule(latencyMs, () => {
      onTheWay.delete(cancel);
      run();
    });
    onTheWay.add(cancel);
  }

  return {
    send(request, deliver) {
      if (closed) return;
      afterLatency(() => {
        const answer = model.answer(request, clock.now(), random);
        if (answer.kind !== 'hang') afterLatency(() => deliver(answer));
      });
    },
    close() {
      closed = true;
      for (const cancel of onTheWay) cancel();
      onTheWay.clear();
    },
  };
}
