import { readHint, readRateLimits, readRetryAfter, type RateLimits } from 'sluice/http';
import { AtelierError, type AtelierCall } from './atelierError.js';

export interface ExchangeOptions {
  /** Where the API is, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** How long an answer may take, in ms. @defaultValue 30000 */
  readonly timeoutMs?: number;
  /** Told of the limits that an answer announces. */
  readonly heard?: (limits: RateLimits) => void;
}

export interface Question {
  readonly call: AtelierCall;
  readonly path: string;
  /** Sent as JSON, under an idempotency key. */
  readonly post?: { readonly key: string; readonly body: object };
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  /** What the JSON of the body says; undefined where it is none. */
  readonly body: unknown;
  readonly limits: RateLimits;
}

/** Codes of errors that only come before a connection is there. */
const beforeSending: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** One request and its answer, never tried again here. @throws AtelierError; the reason of an aborted `signal` */
export function createExchange({ url, token, timeoutMs = 30_000, heard }: ExchangeOptions) {
  return async ({ call, path, post, signal }: Question): Promise<Answer> => {
    const { status, ok, headers, text } = await send();
    const limits = readRateLimits(headers, Date.now());
    heard?.(limits);
    const body = parsed(text);
    if (ok) return { headers, body, limits };
    throw new AtelierError(`${path.split('?')[0]}: ${status} ${titleOf(body)}`, {
      call,
      kind: 'refused',
      status,
      // Only on a refusal for speed do the limits themselves say how long to wait.
      hintMs: status === 429 ? readHint(headers, Date.now()) : readRetryAfter(headers, Date.now()),
      usedUp: limits.limits.filter(({ remaining }) => remaining === 0).map(({ name }) => name),
    });

    async function send() {
      const patience = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(`${url}${path}`, {
          ...(post && { method: 'POST', body: JSON.stringify(post.body) }),
          headers: {
            authorization: `Bearer ${token}`,
            ...(post && { 'content-type': 'application/json', 'idempotency-key': post.key }),
          },
          redirect: 'manual',
          signal: signal ? AbortSignal.any([signal, patience]) : patience,
        });
        const { status, ok } = response;
        return { status, ok, headers: Object.fromEntries(response.headers), text: await response.text() };
      } catch (error) {
        signal?.throwIfAborted();
        const reason = reasonOf(error);
        const kind = beforeSending.includes(reason) ? 'not-sent' : 'lost';
        throw new AtelierError(`no whole answer from ${url} (${String(reason)})`, { call, kind });
      }
    }
  };
}

/** The code of what broke, or its name: the message of a failed `fetch` says only that it failed. */
function reasonOf(error: unknown): unknown {
  const { cause, name } = Object(error) as { readonly cause?: { readonly code?: unknown }; readonly name?: unknown };
  return cause?.code ?? name;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a problem (RFC 9457) is called. */
function titleOf(body: unknown): string {
  const { title } = Object(body) as { readonly title?: unknown };
  return typeof title === 'string' ? title : '';
}
