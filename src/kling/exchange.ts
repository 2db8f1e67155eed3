import { readEnvelope } from './answer.js';
import type { Credentials } from './auth.js';
import { KlingError, type AnswerContext } from './errors.js';
import { klingCodes } from './klingCodes.js';
import { refused } from './refused.js';
import type { HttpRequest, Transport } from './transport.js';

/** What came with code 0: the data, still to be read, and where it came from. */
export interface Success {
  readonly data: unknown;
  readonly context: AnswerContext;
}

/** One authenticated request and its answer. @throws KlingError for everything but code 0 */
export type Exchange = (request: Omit<HttpRequest, 'token'>) => Promise<Success>;

export function createExchange(credentials: Credentials, transport: Transport, baseUrl: string): Exchange {
  return async (request) => {
    const { call } = request;
    const token = await credentials.token();
    const { status, retryAfterMs, text } = await transport.send({ ...request, token });
    const answer = readEnvelope(text, (value) => credentials.redact(value, token));
    if (answer === undefined) {
      const message = `${baseUrl} answered ${status} with something that is not Kling's: check baseUrl, and any proxy`;
      throw new KlingError(message, { kind: 'unreadable', call, status, retryAfterMs });
    }
    const { code, message, requestId, data } = answer;
    const context = { call, status, requestId, retryAfterMs };
    const stale = klingCodes.get(code)?.meaning === 'auth-stale';
    if (!stale) credentials.accepted(token);
    if (code === 0) return { data, context };
    throw refused(code, message, { ...context, signedAnew: stale && !credentials.stale(token) });
  };
}
