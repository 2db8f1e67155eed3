import type { Cancel } from '../clock.js';
import { throwApart } from '../throwApart.js';
import type { LimiterEvent } from './events.js';
import { diagnosticsChannel } from './node.js';

/** Where all limiters of a process publish on Node: messages are `{ limiter, event }`. */
const channelName = 'sluice:limiter';

/** Passes events on to whoever listens. Ask `isHeard` before an event is made: while nobody does, it costs a comparison. */
export class Announcer {
  readonly #source: object;
  readonly #listeners = new Set<(event: LimiterEvent) => void>();
  readonly #channel = diagnosticsChannel(channelName);

  /** @param source what the messages on the diagnostics channel name as their limiter */
  constructor(source: object) {
    this.#source = source;
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0 || this.#channel?.hasSubscribers === true;
  }

  on(listener: (event: LimiterEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: LimiterEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        // What it hears of is half done: to stop there would leave a place taken for ever.
        throwApart(thrown);
      }
    }
    if (this.#channel?.hasSubscribers === true) this.#channel.publish({ limiter: this.#source, event });
  }
}
