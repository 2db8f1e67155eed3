/** One event for a client. */
export interface SseEvent {
  /** What it says; sent as JSON, and undefined as `null`. */
  readonly data: unknown;
  /** The name under which a page listens for it: one line. @defaultValue 'message' */
  readonly event?: string;
  /** What a client that comes back names as the last it has seen (`Last-Event-ID`): one line. @defaultValue the one before */
  readonly id?: string;
  /** Of the events of one key that wait for a slow reader the newest alone is sent. @defaultValue all of them count */
  readonly key?: unknown;
}

/** The name of the last event of a stream that will not go on. */
export const endEvent = 'end';

/** The id of that event. A client that names it has all there will ever be. */
export const endId = 'end';
