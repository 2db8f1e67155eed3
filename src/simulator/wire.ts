import type { Cancel, Clock } from '../clock.js';
import type { Answer } from './answers.js';
import type { Callback } from './callbacks.js';
import type { KlingModel, KlingRequest } from './model.js';
import type { Random } from './seededRandom.js';

/**
 * What can come back over a wire; silence cannot. `json` and `garbled` have a status, headers and a body (for `json` still
 * an object, and its content type is understood); after a `reset` the connection is lost.
 */
export type Delivery = Exclude<Answer, { kind: 'hang' }>;

export interface WireOptions {
  readonly model: KlingModel;
  /** Its `now()` is the model's time. */
  readonly clock: Clock;
  readonly random: Random;
  /** Takes each callback at the instant at which it goes out. @defaultValue none goes out, and no timer is set for any */
  readonly onCallback?: ((callback: Callback) => void) | undefined;
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

export function createWire({ model, clock, random, onCallback }: WireOptions): Wire {
  const onTheWay = new Set<Cancel>();
  let closed = false;

  function after(delayMs: number, run: () => void): void {
    const cancel = clock.schedule(delayMs, () => {
      onTheWay.delete(cancel);
      run();
    });
    onTheWay.add(cancel);
  }

  function afterLatency(run: () => void): void {
    const latencyMs = model.latencyMs(random);
    if (latencyMs === 0) run();
    else after(latencyMs, run);
  }

  /** One timer at a time for each task, so that its callbacks go out in the order in which they are due. */
  function announce([next, ...later]: readonly Callback[]): void {
    if (next === undefined || onCallback === undefined) return;
    after(Math.max(0, next.dueAtMs - clock.now()), () => {
      model.callback('sent');
      announce(later);
      onCallback(next);
    });
  }

  return {
    send(request, deliver) {
      if (closed) return;
      afterLatency(() => {
        const answer = model.answer(request, clock.now(), random, announce);
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
