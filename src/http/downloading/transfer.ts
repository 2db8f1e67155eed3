import type { IncomingHttpHeaders } from 'node:http';
import { Agent, interceptors, type Dispatcher } from 'undici';
import type { Clock } from '../../clock.js';
import { DownloadError, type DownloadErrorKind } from '../../errors.js';
import { noMoreAborted, whenAborted } from '../../limiter/aborting.js';
import { RequestController } from '../requestController.js';
import { shownCode } from '../shownCode.js';
import { headersFor, readAnswer } from './answer.js';
import { headBytes, isPlausible } from './content.js';
import { IdleTimer } from './idleTimer.js';
import { Part, type FoundPart } from './part.js';

/** A file that is whole. */
export interface Downloaded {
  readonly bytes: number;
  /** True where an earlier download had left a part of it. */
  readonly resumed: boolean;
}

export interface TransferOptions {
  readonly url: string;
  /** `url` without its query. */
  readonly shownUrl: string;
  readonly file: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  readonly clock: Clock;
}

const maxRedirects = 5;
/** Codes of what is found wrong with a request before it is sent, or with the next one where a redirect leads to. */
const neverSent: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'ERR_INVALID_URL']);
const cannotAsk = 'it leads in a circle or to no http address, or the dispatcher is none of undici 7 or later';
/** How much of an answer that is of no use is read, to keep its connection. */
const maxWastedBytes = 65_536;
/** Under the 60 s after which the usual load balancers drop an idle connection. */
const keepAliveMs = 30_000;

let pool: Dispatcher | undefined;

/** Fetches what is still missing of a file, and then gives it its name. */
export async function transfer(options: TransferOptions): Promise<Downloaded> {
  const { file, shownUrl } = options;
  const found = await Part.find(file, shownUrl);
  if (found !== undefined && found.partBytes === found.bytes) {
    return finish(await Part.resume(file, found), { isResumed: true }, options);
  }
  const rest = found && (await attempt(options, found));
  return (
    rest ?? (await attempt(options, undefined)) ?? fail('refused', 'a part came where all was asked for', shownUrl, 206)
  );
}

/** One request. Undefined: `found` is a part of something else. */
async function attempt(options: TransferOptions, found: FoundPart | undefined): Promise<Downloaded | undefined> {
  const { url, shownUrl, timeoutMs, signal, clock } = options;
  const aborting = new AbortController();
  const abort = (): void => aborting.abort();
  const caller = { aborted: abort };
  if (signal !== undefined) whenAborted(signal, caller);
  const idle = new IdleTimer(clock, timeoutMs, abort);
  let status: number | undefined;
  try {
    const { origin, pathname, search } = new URL(url);
    // By its own method: a dispatcher of another undici than ours takes no request that ours has made.
    const answer = await followingRedirects(options).request({
      origin,
      path: `${pathname}${search}`,
      method: 'GET',
      headers: headersFor(found),
      signal: aborting.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    status = answer.statusCode;
    idle.heard();
    return await receive(answer, found, idle, options);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DownloadError) throw error;
    if (neverSent.has(shownCode(error))) fail('refused', cannotAsk, shownUrl);
    if (!aborting.signal.aborted) fail('incomplete', `the connection failed (${shownCode(error)})`, shownUrl, status);
    return fail('timed-out', `nothing came for ${timeoutMs} ms (timeoutMs)`, shownUrl, status);
  } finally {
    idle.stop();
    if (signal !== undefined) noMoreAborted(signal, caller);
    // What nobody reads any more of an answer would hold its connection.
    abort();
  }
}

async function receive(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  found: FoundPart | undefined,
  idle: IdleTimer,
  options: TransferOptions,
): Promise<Downloaded | undefined> {
  const { file, shownUrl, clock } = options;
  const bringing = readAnswer({ status, headers }, shownUrl, found, clock.epochNow());
  const isContent = bringing.type === 'whole' || bringing.type === 'rest';
  if (!isContent) await body.dump({ limit: maxWastedBytes });
  if (bringing.type === 'refusal') throw bringing.error;
  if (bringing.type === 'other') return undefined;
  checkLength(bringing.bytes ?? 0, options);
  const part = await (bringing.type === 'whole'
    ? Part.begin(file, shownUrl, bringing.origin)
    : Part.resume(file, bringing.part));
  try {
    if (isContent) await append(body, part, idle, options);
    idle.stop();
    checkWhole(part.bytes, bringing.bytes, shownUrl, status);
    const contentType = String(headers['content-type'] ?? '');
    return await finish(part, { contentType, isResumed: bringing.type !== 'whole' }, options);
  } finally {
    await part.close();
  }
}

async function append(
  body: AsyncIterable<Uint8Array>,
  part: Part,
  idle: IdleTimer,
  options: TransferOptions,
): Promise<void> {
  for await (const chunk of body) {
    idle.heard();
    checkLength(part.bytes + chunk.length, options);
    await part.append(chunk);
  }
}

/** Gives the part its name, unless it cannot be what it should be. */
async function finish(
  part: Part,
  { contentType = '', isResumed }: { readonly contentType?: string; readonly isResumed: boolean },
  { file, shownUrl }: TransferOptions,
): Promise<Downloaded> {
  if (!isPlausible(await part.head(headBytes), contentType, file)) {
    await part.discard();
    fail('wrong-content', 'what came does not begin as a file of its kind does', shownUrl);
  }
  await part.publish();
  return { bytes: part.bytes, resumed: isResumed };
}

function checkLength(bytes: number, { maxBytes, shownUrl }: TransferOptions): void {
  if (bytes > maxBytes) fail('too-large', `it is over ${maxBytes} bytes long: raise maxBytes`, shownUrl);
}

function checkWhole(bytes: number, dueBytes: number | undefined, url: string, status: number): void {
  if (bytes === 0) fail('incomplete', 'it is empty', url, status);
  if (dueBytes !== undefined && bytes !== dueBytes) {
    fail('incomplete', `${bytes} bytes came of ${dueBytes}`, url, status);
  }
}

/** On a pool of our own where there is no other: the global one may be of another version of undici. */
function followingRedirects({ dispatcher, url, shownUrl }: TransferOptions): Dispatcher {
  const base = dispatcher ?? (pool ??= new Agent({ keepAliveTimeout: keepAliveMs }));
  return base.compose(goingToItsEnd, withTls(url, shownUrl), interceptors.redirect({ maxRedirections: maxRedirects }));
}

/**
 * Undici 7 throws an error that nobody can catch where a connection that is not to be kept closes while its answer is kept
 * waiting (nodejs/undici#5360): none is over such a connection, nor one that has come as a whole.
 */
const goingToItsEnd: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  let leftBytes = Infinity;
  let isKept = true;
  return dispatch(options, {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart: (controller, status, headers, message) => {
      leftBytes = Number(headers['content-length'] ?? Infinity);
      isKept = isConnectionKept(headers);
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (controller, chunk) => {
      handler.onResponseData?.(controller, chunk);
      leftBytes -= chunk.length;
      if (leftBytes <= 0 || !isKept) controller.resume();
    },
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  });
};

/** Not where it is said to close, nor where nothing but its end tells that of the answer. */
function isConnectionKept(headers: IncomingHttpHeaders): boolean {
  const { connection = '', 'content-length': length, 'transfer-encoding': coding } = headers;
  return !/\bclose\b/i.test(connection) && (length ?? coding) !== undefined;
}

/** What was asked for with TLS is not fetched without it: a redirect could lead to anything within our own network. */
function withTls(url: string, shownUrl: string): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    if (new URL(url).protocol !== 'https:' || String(options.origin).startsWith('https:'))
      return dispatch(options, handler);
    const message = `${shownUrl}: it leads to an address that is not https`;
    const controller = new RequestController(() => undefined);
    handler.onResponseError?.(controller, new DownloadError(message, { kind: 'refused', url: shownUrl }));
    return true;
  };
}

function fail(kind: DownloadErrorKind, what: string, url: string, status?: number): never {
  throw new DownloadError(`${url}: ${what}`, { kind, url, status });
}
