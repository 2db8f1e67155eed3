import { Subject, takeUntil, type Observable } from 'rxjs';
import type { Cancel, Clock } from '../../src/clock.js';
import { ConflatingBuffer } from '../../src/sse/conflatingBuffer.js';
import { encodeFrame, encodeRetry, heartbeat } from '../../src/sse/frame.js';
import { publicError } from './plain.js';
import { endEvent, endId, type SseEvent } from './sseEvent.js';

export interface OutboxSettings {
  readonly retryMs: number;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly maxBuffered: number;
  readonly overflow: 'disconnect' | 'drop-oldest';
  readonly clock: Clock;
}

/** Called once with the next piece of the stream; undefined: it is over. */
export type Reader = (text: string | undefined) => void;

/** How much is encoded for one reading, in characters, and at least one event: the rest waits as what it was. */
const pieceLength = 16_384;

/**
 * One client's end of a source, as text. It is subscribed to at the first reading, and read from only when the client
 * can take more; of what comes meanwhile the buffer keeps what still counts. At any time it waits either for something to
 * say, and says after a while that it is alive, or for the reader, whom it gives up after another.
 */
export class Outbox {
  readonly #source: Observable<SseEvent>;
  readonly #settings: OutboxSettings;
  readonly #buffer: ConflatingBuffer<SseEvent>;
  readonly #closed = new Subject<void>();
  #isOpen = false;
  #reader: Reader | undefined;
  #cancelTimer: Cancel | undefined;
  /** What is still to be said after all that is in the buffer. */
  #last = '';
  #hasEnded = false;
  #isClosed = false;

  constructor(source: Observable<SseEvent>, settings: OutboxSettings) {
    this.#source = source;
    this.#settings = settings;
    this.#buffer = new ConflatingBuffer(settings.maxBuffered);
  }

  /** Calls back as soon as there is something to send, at once where there is. One reading at a time. */
  read(reader: Reader): void {
    if (this.#isClosed) {
      reader(undefined);
      return;
    }
    this.#cancelTimer?.();
    this.#reader = reader;
    if (!this.#isOpen) {
      this.#open();
      return;
    }
    if (!this.#buffer.isEmpty || this.#hasEnded) this.#send();
    else this.#wait(this.#settings.heartbeatMs, () => this.#hand(heartbeat));
  }

  /** Unsubscribes, and drops what waits. The client, if it is there, will come back. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#closed.next();
    this.#buffer.clear();
    this.#take()?.(undefined);
  }

  /** The pause first: a client that has no answer yet takes the server for gone. */
  #open(): void {
    this.#isOpen = true;
    this.#hand(encodeRetry(this.#settings.retryMs));
    this.#source.pipe(takeUntil(this.#closed)).subscribe({
      next: (event) => this.#add(event),
      error: (error: unknown) => this.#ended(failureOf(error)),
      complete: () => this.#ended(''),
    });
  }

  #add(event: SseEvent): void {
    if (!this.#push(event)) {
      if (this.#settings.overflow === 'disconnect') {
        this.#breakOff();
        return;
      }
      this.#buffer.dropOldest();
      this.#push(event);
    }
    this.#send();
  }

  #push(event: SseEvent): boolean {
    return this.#buffer.push(event, event.key ?? Symbol());
  }

  /** The source has ended; or we have left it, which `takeUntil` tells as a completion. */
  #ended(failure: string): void {
    if (this.#isClosed || this.#hasEnded) return;
    this.#end(failure);
    this.#send();
  }

  /** After what waits: who comes back goes on from there, where all there is at first is more than fits, too. */
  #breakOff(): void {
    this.#hasEnded = true;
    this.#closed.next();
  }

  #end(failure: string): void {
    this.#last = failure + encodeFrame({ id: endId, event: endEvent, data: 'null' });
    this.#hasEnded = true;
  }

  #send(): void {
    if (this.#reader === undefined) return;
    if (this.#buffer.isEmpty && this.#last === '') this.close();
    else this.#hand(this.#piece());
  }

  /** What is next, and what comes after the last event with it. */
  #piece(): string {
    let piece = '';
    try {
      for (let event; piece.length < pieceLength && (event = this.#buffer.take());) piece += textOf(event);
    } catch (error) {
      this.#buffer.clear();
      this.#end(failureOf(error));
      this.#closed.next();
    }
    if (!this.#buffer.isEmpty) return piece;
    piece += this.#last;
    this.#last = '';
    return piece;
  }

  #hand(text: string): void {
    this.#cancelTimer?.();
    const reader = this.#take();
    if (!this.#isClosed) this.#wait(this.#settings.stallMs, () => this.close());
    reader?.(text);
  }

  #take(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  #wait(ms: number, run: () => void): void {
    if (ms === Infinity) return;
    this.#cancelTimer = this.#settings.clock.schedule(ms, run);
  }
}

function textOf({ data, ...event }: SseEvent): string {
  return encodeFrame({ ...event, data: JSON.stringify(data ?? null) });
}

function failureOf(error: unknown): string {
  return encodeFrame({ event: 'failed', data: JSON.stringify(publicError(error)) });
}
