import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ReceiveCallbacksOptions } from '../../src/kling/callbacks/callbackOptions.js';
import { receiveCallbacks } from '../../src/kling/callbacks/receiveCallbacks.js';
import { OptionsError } from '../../src/errors.js';
import { callbackBench, newRunning, otherSecret, post, signature, signedHeaders, vector } from './callbackBench.js';

const { secret } = vector;
const body = JSON.stringify(newRunning);
const headers = {
  'webhook-id': vector.id,
  'webhook-timestamp': `${vector.timestamp}`,
  'webhook-signature': vector.signature,
};

describe('a signed callback', () => {
  it('should be taken as on the page of Kling, as a hint while it does not bring the result', async () => {
    const bench = callbackBench({ secret });
    const answer = await bench.fetch(post(vector.body, headers));
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([200, '', null]);
    const task = {
      ref: { product: '', id: '1234567890' },
      status: 'succeeded',
      outputs: [],
      createdAtMs: 1_781_080_778_802,
      updatedAtMs: 1_781_080_794_151,
    };
    expect(bench.told).toEqual([{ task, isVerified: false }]);
  });

  it('should be verified where it is whole', async () => {
    const bench = callbackBench({ secret });
    await bench.fetch(post(body, signedHeaders(secret, body)));
    expect(bench.told).toMatchObject([{ task: { status: 'running' }, isVerified: true }]);
  });

  it.each([
    ['signed with another secret', { 'webhook-signature': signature(otherSecret, body, vector.id) }],
    ['with the id of another', { 'webhook-id': '9876543211' }],
    ['with the time of another', { 'webhook-timestamp': `${vector.timestamp + 1}` }],
    ['of another version', { 'webhook-signature': vector.signature.replace('v1', 'v1a') }],
    ['without a version', { 'webhook-signature': vector.signature.slice(3) }],
    ['cut short', { 'webhook-signature': vector.signature.slice(0, -1) }],
    ['with more behind it', { 'webhook-signature': `${vector.signature}=` }],
    ['without an id', { 'webhook-id': '' }],
    ['without a time', { 'webhook-timestamp': '' }],
    ['without a signature', { 'webhook-signature': '' }],
    ['with a time in words', { 'webhook-timestamp': 'now' }],
    ['with a signature that is no base64', { 'webhook-signature': 'v1,\u00ff\u00fe*** v1 , v1,' }],
  ])('should be refused %s', async (_, wrong) => {
    const bench = callbackBench({ secret });
    const answer = await bench.fetch(post(vector.body, { ...headers, ...wrong }));
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: expect.any(String) as string });
    expect(bench.told).toEqual([]);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('should be refused without %s', async (name) => {
    const others = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
    const answer = await callbackBench({ secret }).fetch(post(vector.body, others));
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('are due');
  });

  it.each([vector.body.replace('succeeded', 'failed'), `${vector.body} `, vector.body.slice(1), ''])(
    'should be refused with another body: %s',
    async (tampered) => {
      expect((await callbackBench({ secret }).fetch(post(tampered, headers))).status).toBe(401);
    },
  );

  it('should be checked as the bytes that it is of', async () => {
    const bench = callbackBench({ secret });
    // Both are read as the same text where what is no UTF-8 is replaced.
    const [signed, sent] = [Buffer.from([0xff]), Buffer.from([0xfe])];
    const request = new Request('http://localhost', {
      method: 'POST',
      body: sent,
      headers: signedHeaders(secret, signed),
    });
    expect((await bench.fetch(request)).status).toBe(401);
  });

  it('should pass as bytes that are no text', async () => {
    const bench = callbackBench({ secret });
    const sent = Buffer.from([0xff]);
    const request = new Request('http://localhost', {
      method: 'POST',
      body: sent,
      headers: signedHeaders(secret, sent),
    });
    expect((await bench.fetch(request)).status).toBe(400);
  });

  it.each([`${vector.timestamp}.0`, `${vector.timestamp}x`, `+${vector.timestamp}`, `${vector.timestamp}e0`])(
    'should be refused with a signed time of %s',
    async (timestamp) => {
      const signed = {
        ...headers,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature(secret, body, vector.id, timestamp),
      };
      expect((await callbackBench({ secret }).fetch(post(body, signed))).status).toBe(401);
    },
  );

  it.each([
    { offMs: -300_001, status: 401 },
    { offMs: -300_000, status: 200 },
    { offMs: 300_000, status: 200 },
    { offMs: 300_001, status: 401 },
  ])('should be answered $status where our clock is $offMs ms off', async ({ offMs, status }) => {
    const bench = callbackBench({ secret });
    bench.clock.advance(offMs);
    expect((await bench.fetch(post(vector.body, headers))).status).toBe(status);
  });

  it('should go by the tolerance that is given', async () => {
    const bench = callbackBench({ secret, toleranceMs: 0 });
    expect((await bench.fetch(post(vector.body, headers))).status).toBe(200);
    bench.clock.advance(1);
    expect((await bench.fetch(post(vector.body, headers))).status).toBe(401);
  });

  it('should be taken for any one of several signatures', async () => {
    const signatures = ['v1,bm9uZQ==', 'v2,else', signature(otherSecret, vector.body, vector.id), vector.signature];
    const bench = callbackBench({ secret });
    const answer = await bench.fetch(post(vector.body, { ...headers, 'webhook-signature': signatures.join(' ') }));
    expect(answer.status).toBe(200);
  });

  it('should be taken for any one of several secrets', async () => {
    const bench = callbackBench({ secret: [otherSecret, secret] });
    expect((await bench.fetch(post(body, signedHeaders(secret, body)))).status).toBe(200);
    expect((await bench.fetch(post(body, signedHeaders(otherSecret, body)))).status).toBe(200);
  });
});

describe('a callback that nobody checks', () => {
  it('should be a mere hint, whatever it is signed with', async () => {
    const bench = callbackBench();
    expect((await bench.fetch(post(body, signedHeaders(secret, body)))).status).toBe(200);
    expect(bench.told).toMatchObject([{ isVerified: false }]);
  });
});

describe('the options of receiveCallbacks', () => {
  it.each([
    [{ secret: '' }, 'secret'],
    [{ secret: [] }, 'secret'],
    [{ secret: 'whsec_' }, 'secret'],
    [{ secret: 'dGVzdHNlY3JldA==' }, 'secret'],
    [{ secret: 'whsec_with spaces' }, 'secret'],
    [{ secret: [secret, 'whsec_?'] }, 'secret'],
    [{ toleranceMs: -1 }, 'toleranceMs'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ path: 'kling' }, 'path'],
    [{ path: '/kling?token=1' }, 'path'],
    [{ clock: {} }, 'clock'],
  ])('refuse %o', (options, path) => {
    const make = () => receiveCallbacks(options as ReceiveCallbacksOptions);
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(expect.objectContaining({ path: expect.stringMatching(path) as string }));
  });

  it.each([{ secret: 'whsec_secret-that-nobody-sees' }, { secret, secrt: 'secret-that-nobody-sees' }])(
    'never show a secret: %#',
    (options) => {
      let shown = '';
      try {
        receiveCallbacks(options);
      } catch (error) {
        shown = inspect(error, { depth: Infinity, showHidden: true });
      }
      expect(shown).toContain('receiveCallbacks');
      expect(shown).not.toContain('nobody-sees');
      expect(shown).not.toContain(secret);
    },
  );
});
