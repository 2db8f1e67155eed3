import { oneOf, type Random } from './seededRandom.js';

/** Kling's refusals that the model gives, with their status and words. */
const refusals = {
  1000: [401, 'Authentication failed'],
  1001: [401, 'Authorization is empty'],
  1002: [401, 'Authorization is invalid'],
  1003: [401, 'Authorization is not yet valid'],
  1004: [401, 'Authorization has expired'],
  1102: [429, 'Resource pack exhausted'],
  1200: [400, 'Invalid request parameters'],
  1201: [400, 'Invalid parameters'],
  1202: [404, 'The requested method is invalid'],
  1203: [404, 'The requested resource does not exist'],
  1301: [400, 'Content safety policy'],
  1302: [429, 'API request too fast, exceeds the rate limit'],
  1303: [429, 'parallel task over resource pack limit'],
} as const;

export type RefusalCode = keyof typeof refusals;

/** What every JSON answer looks like; `code` 0 is success. */
export interface KlingBody {
  readonly code: number;
  readonly message: string;
  readonly request_id: string;
  readonly data?: unknown;
}

/** What becomes of a request: an answer, an unreadable one, a connection cut off, or silence. */
export type Answer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: KlingBody;
    }
  | {
      readonly kind: 'garbled';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

export function success(requestId: string, data: unknown): Answer {
  return { kind: 'json', status: 200, headers: {}, body: { code: 0, message: 'SUCCEED', request_id: requestId, data } };
}

export function refusal(requestId: string, code: RefusalCode, message?: string, headers = {}): Answer {
  const [status, words] = refusals[code];
  return { kind: 'json', status, headers, body: { code, message: message ?? words, request_id: requestId } };
}

const serverErrors: readonly [ServerError, ...ServerError[]] = [
  { status: 500, code: 5000, message: 'Internal server error' },
  { status: 503, code: 5001, message: 'Server temporarily unavailable' },
  { status: 504, code: 5002, message: 'Server internal timeout' },
];

interface ServerError {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

/** A server in trouble: one of 500/5000, 503/5001 and 504/5002. */
export function serverError(requestId: string, random: Random): Answer {
  const { status, code, message } = oneOf(serverErrors, random);
  return { kind: 'json', status, headers: {}, body: { code, message, request_id: requestId } };
}

const html = { 'content-type': 'text/html' };

/** A 429 of a proxy in front: no code to read. */
export function plain429(headers: Readonly<Record<string, string>>): Answer {
  return { kind: 'garbled', status: 429, headers: { ...html, ...headers }, body: '<h1>429 Too Many Requests</h1>' };
}

/** A body that cannot be read: a page with 200 or 502, or JSON cut short. */
export function garbled(random: Random): Answer {
  const cutShort = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"code":0,"message":"SUC' };
  const page = { status: 200, headers: html, body: '<html><body>Please wait</body></html>' };
  const gateway = { status: 502, headers: html, body: '<html><body>502 Bad Gateway</body></html>' };
  return { kind: 'garbled', ...oneOf([cutShort, page, gateway], random) };
}
