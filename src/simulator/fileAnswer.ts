import { refusal } from './answers.js';
import type { Strikes } from './faults.js';
import { readRange } from './fileRange.js';
import { contentOf } from './files.js';
import type { Task } from './life.js';

/** A request for a result's file. */
export interface FileRequest {
  /** GET or HEAD; others are none for a file. */
  readonly method: string;
  /** The path, as in the first line of HTTP. */
  readonly target: string;
  /** The headers `Range` and `If-Range`, as they came. */
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
}

export interface FileAnswer {
  readonly status: 200 | 206 | 404 | 416;
  /** `content-length` among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Nothing, after a HEAD. */
  readonly body: Uint8Array;
  /** True: the connection is cut off half-way through the body. */
  readonly isCutOff: boolean;
  /** True: the body comes in ten parts, a second of Kling's time apart. */
  readonly isSlow: boolean;
}

/** Where files come from. */
export interface FileSource {
  readonly find: (taskId: string) => Task | undefined;
  readonly filesExpireMs: number;
  readonly nowMs: number;
}

/**
 * Answers a GET or HEAD of `/files/...`, by RFC 9110: one range at a time (206, 416), and a whole body where `If-Range`
 * names another state. A file is there from the end of a task that succeeded until it expires (404). Undefined where no
 * file is meant. `drawStrikes` is asked once for each GET.
 */
export function answerFile(
  { method, target, range, ifRange }: FileRequest,
  source: FileSource,
  drawStrikes: () => Strikes,
): FileAnswer | undefined {
  const name = /^\/files\/([\w-]+\.(?:mp4|png))$/.exec(target)?.[1];
  if (name === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const isRead = method === 'GET';
  const strikes = isRead ? drawStrikes() : () => false;
  const content = contentAt(name, source);
  if (content === undefined) return absent(isRead);

  const { type, bytes } = content;
  const etag = `"${name}"`;
  const common = { 'content-type': type, 'accept-ranges': 'bytes', etag };
  const isAsked = isRead && (ifRange === undefined || ifRange === etag);
  const part = readRange(isAsked ? range : undefined, bytes.length);
  if (part === 'unsatisfiable') return answer(416, { ...common, 'content-range': `bytes */${bytes.length}` });
  if (part === 'whole') {
    const headers = { ...common, 'content-length': String(bytes.length) };
    return { ...answer(200, headers, isRead ? bytes : empty), ...fateOf(strikes) };
  }
  const { first, last } = part;
  const headers = { ...common, 'content-range': `bytes ${first}-${last}/${bytes.length}` };
  return { ...answer(206, headers, bytes.subarray(first, last + 1)), ...fateOf(strikes) };
}

const empty = new Uint8Array();

function contentAt(name: string, { find, filesExpireMs, nowMs }: FileSource) {
  const [, id = '', index] = /^(\d+)(?:-(\d+))?\./.exec(name) ?? [];
  const task = find(id);
  if (task === undefined || task.fails || nowMs < task.endsAtMs || nowMs >= task.endsAtMs + filesExpireMs) {
    return undefined;
  }
  const { images } = task.order;
  const isVideo = name.endsWith('.mp4');
  const isThere = isVideo ? images === 0 && index === undefined : index !== undefined && Number(index) < images;
  return isThere ? contentOf(name, isVideo) : undefined;
}

function answer(
  status: FileAnswer['status'],
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = empty,
): FileAnswer {
  return {
    status,
    body,
    isCutOff: false,
    isSlow: false,
    headers: { 'content-length': String(body.length), ...headers },
  };
}

function absent(isRead: boolean): FileAnswer {
  const told = refusal('sim-files', 1203);
  const text = told.kind === 'json' ? JSON.stringify(told.body) : '';
  const body = new TextEncoder().encode(text);
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return answer(404, headers, isRead ? body : empty);
}

function fateOf(strikes: Strikes): Pick<FileAnswer, 'isCutOff' | 'isSlow'> {
  return { isCutOff: strikes('fileReset'), isSlow: strikes('fileSlow') };
}
