import { OptionsError } from '../errors.js';

/** One event of an event stream, as it goes over the wire. */
export interface Frame {
  /** What a client that comes back names as the last it has seen. */
  readonly id?: string | undefined;
  /** The name under which a page listens for it. @defaultValue 'message' */
  readonly event?: string | undefined;
  /** Any text; its line breaks, of whatever kind, arrive as `\n`. */
  readonly data: string;
}

/**
 * One event as text (HTML, 9.2.6: "interpreting an event stream"). Whatever the data holds, it can neither end the event
 * nor begin another: each of its lines is a field of its own.
 *
 * @throws OptionsError for a name or an id with a line break, and an id with U+0000: the format cannot carry them
 */
export function encodeFrame({ id, event, data }: Frame): string {
  const name = event === undefined || event === '' ? '' : `event: ${oneLine('event', event)}\n`;
  const mark = id === undefined ? '' : `id: ${oneLine('id', id)}\n`;
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${mark}${name}${lines.join('')}\n`;
}

/** A line that clients skip, and the machines between count as life. */
export const heartbeat = ':\n\n';

/** How long a client is to wait before it comes back, in ms. */
export function encodeRetry(retryMs: number): string {
  return `retry: ${Math.round(retryMs)}\n\n`;
}

function oneLine(field: 'id' | 'event', value: string): string {
  const isIllegal = field === 'id' ? /[\r\n\0]/ : /[\r\n]/;
  if (!isIllegal.test(value)) return value;
  throw new OptionsError(`${field}: must be one line (got ${JSON.stringify(value.slice(0, 60))})`, field);
}
