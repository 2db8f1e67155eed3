import { parseEventStream, type Parsed } from '../../sse/parseEventStream.js';
import { promises } from '../virtualClock.js';

/** A client that reads a response's body only as it is told to. */
export class Reading {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  /** All that has come so far. */
  text = '';
  isOver = false;

  constructor(response: Response) {
    if (response.body === null) throw new Error(`an answer of ${response.status} without a body`);
    this.#reader = response.body.getReader();
  }

  get events(): readonly Parsed[] {
    return parseEventStream(this.text);
  }

  /** What is said, by event and data. */
  get told(): readonly (readonly [string, unknown])[] {
    return this.events.map(({ event, data }) => [event, JSON.parse(data)]);
  }

  /** Asks for a piece, and waits until it is there or nothing more happens without time passing. */
  async read(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      void this.#reader.read().then(({ done, value }) => {
        if (done) this.isOver = true;
        else this.text += this.#decoder.decode(value, { stream: true });
      });
      await promises();
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
