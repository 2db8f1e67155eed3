import { dematerialize, map, Observable, type ObservableNotification } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { VirtualClock } from '../../src/virtualClock.js';
import type { End, Marble, Span, SpansRow, StreamRow } from './record.js';

/** As a TestScheduler counts, outside of its `run`. */
const framesACharacter = 10;

/** A value whose colour says more than which one it is. */
type Toned = Omit<Marble, 'atMs'>;

/** Where a scenario is played: virtual time, sources by marbles, and an eye for what comes out. */
export class Stage {
  readonly clock = new VirtualClock();

  /** What the string says, a character a second: `-ab-(cd)|`; `values` where a letter stands for more. */
  source(marbles: string, values?: Readonly<Record<string, string>>): Observable<string> {
    const messages = TestScheduler.parseMarbles(marbles, undefined, undefined, false, true);
    return new Observable<ObservableNotification<string>>((subscriber) => {
      for (const { frame, notification } of messages) {
        subscriber.add(this.clock.schedule((frame / framesACharacter) * 1_000, () => subscriber.next(notification)));
      }
    }).pipe(
      dematerialize(),
      map((letter) => values?.[letter] ?? letter),
    );
  }

  /** Emits once, at that instant. */
  at(atMs: number): Observable<void> {
    return new Observable((subscriber) => this.clock.schedule(atMs - this.clock.now(), () => subscriber.next()));
  }

  /** Subscribes at once; the row is complete once the stage has been played. */
  watch(label: string, stream: Observable<string | Toned>, ...follows: readonly string[]): StreamRow {
    const marbles: Marble[] = [];
    const row: StreamRow & { end?: End } = { kind: 'stream', label, marbles, follows };
    stream.subscribe({
      next: (shown) => {
        marbles.push({ atMs: this.clock.now(), ...(typeof shown === 'string' ? { value: shown } : shown) });
      },
      error: (error: unknown) => {
        row.end = { atMs: this.clock.now(), how: 'error', text: error instanceof Error ? error.name : String(error) };
      },
      complete: () => (row.end = { atMs: this.clock.now(), how: 'complete' }),
    });
    return row;
  }

  /** Lets time pass until nothing is to come. */
  async play(): Promise<void> {
    await this.clock.settle();
  }
}

/** How a piece of work ends, and what is written on it. */
export interface Ending {
  readonly error?: Error;
  readonly text?: string;
}

/** A span that has yet to end. */
type Begun = { -readonly [K in keyof Span]: Span[K] };

/** Work that is seen: what it does, and on which track. */
export class Workshop {
  readonly row: SpansRow;
  readonly #stage: Stage;
  readonly #spans: Begun[] = [];

  constructor(stage: Stage, label: string, ...follows: readonly string[]) {
    this.#stage = stage;
    this.row = { kind: 'spans', label, spans: this.#spans, follows };
  }

  /** Lasts `lastsMs`, then emits its value, or fails. */
  work(value: string, lastsMs: number, { error, text }: Ending = {}): Observable<string> {
    return new Observable((subscriber) => {
      const begun = this.begin(value);
      subscriber.add(
        this.#stage.clock.schedule(lastsMs, () => {
          begun.end(error === undefined ? 'work' : 'failed', text);
          if (error !== undefined) subscriber.error(error);
          subscriber.next(value);
          subscriber.complete();
        }),
      );
      subscriber.add(() => begun.end('aborted', text));
    });
  }

  /** Takes the lowest track that is free. Only its first end counts. */
  begin(value: string): { readonly end: (look: Span['look'], text?: string) => void } {
    const { clock } = this.#stage;
    const fromMs = clock.now();
    const busy = new Set(this.#spans.filter(({ toMs }) => toMs > fromMs).map(({ track }) => track));
    const track = [...Array(busy.size + 1).keys()].find((it) => !busy.has(it)) ?? 0;
    const span: Begun = { value, track, fromMs, toMs: Infinity, look: 'work' };
    this.#spans.push(span);
    return {
      end: (look, text) => {
        if (span.toMs !== Infinity) return;
        span.toMs = clock.now();
        span.look = look;
        if (look === 'failed') span.tone = 'bad';
        if (text !== undefined) span.text = text;
      },
    };
  }
}
