import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../clock.js';
import { OptionsError } from '../errors.js';
import { readHint } from '../http/rateLimits.js';
import { shownCode } from '../http/shownCode.js';
import { noMoreAborted, whenAborted } from '../limiter/aborting.js';
import { KlingError, type AnswerContext, type KlingCall } from './errors.js';

export interface HttpRequest {
  readonly call: KlingCall;
  readonly method: 'GET' | 'POST';
  /** The path and query below the base URL. */
  readonly path: string;
  readonly token: string;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly text: string;
}

export interface TransportOptions {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly dispatcher?: Dispatcher | undefined;
  readonly clock: Clock;
}

/** One HTTP request at a time, in one answer: no retry, no redirect, no meaning. */
export interface Transport {
  /** @throws KlingError without a whole answer; OptionsError once closed; the reason of an aborted `signal`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Under the 60 s after which the usual load balancers drop an idle connection. */
const keepAliveMs = 30_000;

/** Errors that only come before a connection is there. */
const beforeSending: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
]);

/** How the codes of a dispatcher begin where a proxy does not bring a connection about. */
const proxyPrefix = 'PROXY_';

/** What is found wrong with a server's certificate, by Node and by OpenSSL: before anything is sent. */
const untrusted = /^(ERR_TLS_CERT_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_)/;

export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, timeoutMs, maxResponseBytes, clock } = options;
  const dispatcher = options.dispatcher ?? new Agent({ keepAliveTimeout: keepAliveMs });
  const { origin } = new URL(baseUrl);
  let closing: Promise<void> | undefined;

  async function send({ call, method, path, token, body, signal }: HttpRequest): Promise<HttpAnswer> {
    if (closing !== undefined) throw new OptionsError('this client is closed: create another one', 'client');
    signal?.throwIfAborted();
    const aborting = new AbortController();
    const abort = (): void => aborting.abort();
    const caller = { aborted: abort };
    if (signal !== undefined) whenAborted(signal, caller);
    const cancelTimeout = clock.schedule(timeoutMs, abort);
    let head: Omit<HttpAnswer, 'text'> | undefined;
    try {
      const { pathname, search } = new URL(`${baseUrl}${path}`);
      // By its own method: a dispatcher of another undici than ours takes no request that ours has made.
      const answer = await dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method,
        headers: { accept: 'application/json', authorization: `Bearer ${token}`, ...(body && jsonType) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: aborting.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      head = { status: answer.statusCode, retryAfterMs: readHint(answer.headers, clock.epochNow()) };
      const text = await readText(answer.body, maxResponseBytes);
      return { ...head, text: text ?? tooLong({ call, ...head }) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof KlingError) throw error;
      if (aborting.signal.aborted) throw tooLate({ call, ...head });
      throw unconnected(shownCode(error), { call, ...head });
    } finally {
      cancelTimeout();
      if (signal !== undefined) noMoreAborted(signal, caller);
    }
  }

  function tooLong(context: AnswerContext): never {
    const message = `the answer from ${origin} is over ${maxResponseBytes} bytes: check baseUrl, or raise maxResponseBytes`;
    throw new KlingError(message, { kind: 'unreadable', ...context });
  }

  function tooLate(context: AnswerContext): KlingError {
    const message = `no whole answer from ${origin} within ${timeoutMs} ms (timeoutMs)${afterwards(context)}`;
    return new KlingError(message, { kind: 'timed-out', ...context });
  }

  function unconnected(reason: string, context: AnswerContext): KlingError {
    const isOfProxy = reason.startsWith(proxyPrefix);
    if (beforeSending.has(reason) || isOfProxy) {
      const todo = isOfProxy ? 'check the proxy' : 'check baseUrl and the network';
      const message = `cannot connect to ${origin} (${reason}): ${todo}; nothing was sent`;
      return new KlingError(message, { kind: 'not-sent', ...context });
    }
    if (untrusted.test(reason)) {
      const todo = 'check baseUrl, or name the authority behind it in NODE_EXTRA_CA_CERTS';
      const message = `the certificate of ${origin} cannot be trusted (${reason}): ${todo}; nothing was sent`;
      return new KlingError(message, { kind: 'not-sent', ...context });
    }
    const message = `no whole answer from ${origin}: the connection failed (${reason})${afterwards(context)}`;
    return new KlingError(message, { kind: 'connection-lost', ...context });
  }

  const close = (): Promise<void> => (options.dispatcher === undefined ? dispatcher.close() : Promise.resolve());
  return { send, close: () => (closing ??= close()) };
}

const jsonType = { 'content-type': 'application/json' };

/** The text of a body, or undefined for one that is too long; the rest of that is not read. */
async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function afterwards({ call }: AnswerContext): string {
  return call === 'submit' ? '; the task may exist all the same' : '';
}
