import { inspect } from 'node:util';
import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { createKlingClient } from '../../src/kling/client.js';
import type { KlingClientOptions } from '../../src/kling/clientOptions.js';
import type { KlingClient } from '../../src/kling/clientOver.js';
import { klingBench, submit, submitted } from './klingBench.js';
import { json, ok, refusal, reset, text, truncated, type Answer } from './scriptedServer.js';

const bench = klingBench();
const apiKey = 'the-api-key-that-nobody-sees';
const keys = { accessKey: 'the-access-key-that-nobody-sees', secretKey: 'the-secret-key-that-nobody-sees' };
const secrets = [apiKey, keys.accessKey, keys.secretKey, 'Bearer', 'eyJ'];

/** Everything that a log could make of a value, and of the causes below it. */
function shown(value: unknown): string {
  const all = inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity });
  const brief = JSON.stringify(value);
  if (!(value instanceof Error)) return all + brief;
  const below = value.cause === undefined ? '' : shown(value.cause);
  return [all, brief, String(value), value.message, value.stack, below].join('\n');
}

function expectNoSecret(value: unknown): void {
  const text = shown(value);
  for (const secret of secrets) expect(text).not.toContain(secret);
}

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** A task as either standard tells of it. */
const created = { ...submitted, id: 't-1', status: 'submitted' };

/** A server, or something before it, that sends the token of the request back in every place there is. */
const echo: Answer = (response, request) => {
  const { authorization = '' } = request.headers;
  const escaped = JSON.stringify({ code: 1002, message: `bad token ${authorization}`, request_id: authorization });
  const token = authorization.replace('Bearer ', '');
  json(401, JSON.parse(escaped.replaceAll(authorization, token)))(response, request);
};
const echoInHtml: Answer = (response, request) =>
  text(502, `<p>${request.headers.authorization}</p>`)(response, request);
const echoAsStatus: Answer = (response, request) => {
  const token = request.headers.authorization?.replace('Bearer ', '');
  ok({ ...created, task_status: token, status: token })(response, request);
};
const echoEscaped: Answer = (response, request) => {
  const codes = Array.from(request.headers.authorization?.replace('Bearer ', '') ?? '', (char) => char.charCodeAt(0));
  const message = codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
  text(400, `{"code":1201,"message":"${message}"}`)(response, request);
};

describe.each([
  ['an API key', { apiKey }],
  ['an access key and a secret key', keys],
  ['an API key at the new API', { apiKey, api: 'new' }],
] satisfies [string, Partial<KlingClientOptions>][])('%s', (_, credentials) => {
  const clientOf = (options: Partial<KlingClientOptions> = {}): KlingClient => {
    const client = createKlingClient({ baseUrl: bench.server.url, clock: bench.clock, ...credentials, ...options });
    return client;
  };

  it.each([
    ['a refusal', refusal(401, 1002, 'no such key')],
    ['a stale token', refusal(401, 1004, 'expired')],
    ['a refusal that quotes the token', echo],
    ['a refusal that quotes it in escapes', echoEscaped],
    ['a page that quotes it', echoInHtml],
    ['a status that quotes it', echoAsStatus],
    ['an unreadable answer', text(200, 'what?')],
    ['an unknown shape', ok({})],
    ['a reset', reset],
    ['half an answer', truncated(200)],
    ['an answer out of time', () => bench.clock.advance(30_000)],
  ] satisfies [string, Answer][])('is in no error: %s', async (_case, answer) => {
    bench.server.answers(answer);
    const client = clientOf();
    expectNoSecret(await failureOf(() => submit(client)));
    await client.close();
  });

  it('is in no answer about one of many', async () => {
    bench.server.answers((response, request) => {
      const token = request.headers.authorization?.replace('Bearer ', '');
      ok([{ ...created, task_status: token, status: token }])(response, request);
    });
    const client = clientOf();
    const refs = ['t-1', 't-2'].map((id) => ({ product: 'text2video', id }));
    const answers = await client.poll(refs);
    expect(answers[0]).toMatchObject({ kind: 'unknown-status' });
    expectNoSecret(answers[0]);
    await client.close();
  });

  it('is in no error where nobody listens', async () => {
    await bench.server.stop();
    const client = clientOf();
    expectNoSecret(await failureOf(() => submit(client)));
    await client.close();
  });

  it('is in no error of a dispatcher that tells of its headers', async () => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    dispatcher.get(bench.server.url).intercept({ path: '/', headers: { authorization: 'other' } });
    expectNoSecret(await failureOf(() => submit(clientOf({ dispatcher }))));
    await dispatcher.close();
  });

  it('is not seen in a client, before or after a request', async () => {
    bench.server.answers(ok(created));
    const client = clientOf();
    expectNoSecret(client);
    await submit(client);
    expectNoSecret(client);
    await client.close();
  });

  it.each([
    { timeout: 5 },
    { timeoutMs: -1 },
    { baseUrl: 'not a URL' },
    { apikey: apiKey, secretkey: keys.secretKey },
    { apiKey, ...keys },
    { api: 'new' as const, accessKey: keys.accessKey, secretKey: keys.secretKey },
    { apiKey: `${apiKey} ` },
    { accessKey: undefined, secretKey: `${keys.secretKey}\n` },
  ])('is in no complaint about options: %#', async (options) => {
    expectNoSecret(await failureOf(() => clientOf(options)));
  });
});
