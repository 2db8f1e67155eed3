import type { Observable } from 'rxjs';
import * as z from 'zod/mini';
import { noMoreAborted, whenAborted } from '../../src/limiter/aborting.js';
import { callback, durationMs, having, msOrInfinity, parseOptions, positiveCount } from '../../src/options.js';
import { clockFrom, timeShape, type TimeOptions } from '../time/clock.js';
import { Outbox } from './outbox.js';
import { endId, type SseEvent } from './sseEvent.js';

/** All are optional. */
export interface SseOptions extends TimeOptions {
  /** What is answered: what the client has seen is in it, and that it has gone. @defaultValue a client that is new */
  readonly request?: Request;
  /** Once aborted, the stream breaks off, and the client comes back: for a server that goes down. */
  readonly signal?: AbortSignal;
  /**
   * How long a client waits before it comes back, in ms (at least 0); each stream draws its own from this up to half as
   * much again, so that not all come at once after a restart. @defaultValue 3000
   */
  readonly retryMs?: number;
  /** After how long a silence a comment shows that the stream is alive, in ms (over 0); Infinity: never. @defaultValue 15000 */
  readonly heartbeatMs?: number;
  /** After how long a client that reads nothing is given up, in ms (over 0); Infinity: never. @defaultValue 60000 */
  readonly stallMs?: number;
  /** How many keys, and events without one, may wait for a slow client: at least 1. @defaultValue 4096 */
  readonly maxBuffered?: number;
  /** What one more does: the client gets what waits and has to come back, or the oldest is lost to it. @defaultValue 'disconnect' */
  readonly overflow?: 'disconnect' | 'drop-oldest';
  /** More fields for the answer's head. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A source of numbers in [0, 1), for the draw of `retryMs`. @defaultValue Math.random */
  readonly random?: () => number;
}

const schema = z.strictObject({
  request: z.optional(having<Request>('clone')),
  signal: z.optional(having<AbortSignal>('addEventListener')),
  retryMs: z._default(durationMs, 3_000),
  heartbeatMs: z._default(msOrInfinity, 15_000),
  stallMs: z._default(msOrInfinity, 60_000),
  maxBuffered: z._default(positiveCount, 4_096),
  overflow: z._default(z.enum(['disconnect', 'drop-oldest']), 'disconnect'),
  headers: z._default(z.record(z.string(), z.string()), {}),
  random: z._default(callback<() => number>(), () => Math.random),
  ...timeShape,
});

/**
 * An observable as an event stream (`text/event-stream`), for any server that answers with a web-standard `Response`.
 *
 * ```ts
 * app.get('/tasks', (c) => sse((lastEventId) => states.since(lastEventId), { request: c.req.raw }));
 * ```
 *
 * **Back-pressure.** The source is subscribed to as the body is first read, and unsubscribed from as the client goes. It is
 * never slowed down: of what a slow client has not read, the newest event of each `key` is kept, at most `maxBuffered`,
 * as values; text is made of them only as the client asks. One that reads nothing for `stallMs` is given up.
 *
 * **Ends.** Completion sends what waits, then the event `end`: a page closes its EventSource on it, and one that comes
 * back all the same gets 204, which ends its tries. An error is told as the event `failed`, with `{ code, message }`,
 * before that: of errors that are not sluice's nothing but that they happened. To have it tried again, `retry` the source.
 *
 * **Resumption** is the source's: it is called with the `Last-Event-ID` and gives what came after. With ids in the order of
 * the events, an id that a client has means that it has, of all events up to it, the newest of each key. `keyedStates` is
 * such a source.
 *
 * @throws OptionsError
 */
export function sse(
  source: Observable<SseEvent> | ((lastEventId: string | undefined) => Observable<SseEvent>),
  options: SseOptions = {},
): Response {
  const { request, signal, headers, retryMs, random, clock, scheduler, ...rest } = parseOptions(schema, options, 'sse');
  const lastEventId = request?.headers.get('last-event-id') ?? undefined;
  if (lastEventId === endId) return new Response(null, { status: 204, headers: headOf(headers) });
  const events = typeof source === 'function' ? source(lastEventId) : source;
  const settings = { ...rest, retryMs: retryMs * (1 + random() / 2), clock: clockFrom({ clock, scheduler }) };
  const outbox = new Outbox(events, settings);
  return new Response(bodyOf(outbox, signal, request), {
    headers: headOf(headers, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }),
  });
}

/** Nothing on the way may keep it, nor wait for the whole of it in order to pack it. */
const unstored = { 'cache-control': 'no-store, no-transform' };

/** Ours instead of theirs, in whatever case their names are: two of one name would both be sent, in one. */
function headOf(theirs: Readonly<Record<string, string>>, ours: Readonly<Record<string, string>> = {}): Headers {
  const head = new Headers(theirs);
  for (const [name, value] of Object.entries({ ...unstored, ...ours })) head.set(name, value);
  return head;
}

/** Read only as the client reads: nothing waits in the stream itself. */
function bodyOf(outbox: Outbox, signal?: AbortSignal, request?: Request): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  // The request itself is held here: once it has been collected, Node never aborts its signal.
  const signals = (): AbortSignal[] => [signal, request?.signal].filter((it) => it !== undefined);
  let isRead = false;
  let isCancelled = false;
  const leave = (): void => {
    for (const each of signals()) noMoreAborted(each, client);
    outbox.close();
  };
  const client = { aborted: leave };
  const begin = (): void => {
    isRead = true;
    for (const each of signals()) whenAborted(each, client);
    if (signals().some(({ aborted }) => aborted)) leave();
  };
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> =>
    new Promise((resolve) => {
      // Not before: a body that nobody reads, that of a HEAD say, is never told to be over.
      if (!isRead) begin();
      outbox.read((text) => {
        if (text !== undefined) controller.enqueue(encoder.encode(text));
        else {
          leave();
          if (!isCancelled) controller.close();
        }
        resolve();
      });
    });
  const cancel = (): void => {
    isCancelled = true;
    leave();
  };
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}
