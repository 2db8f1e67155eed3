import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, fetch as undiciFetch, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hang, Loopback, reset, status, stuck, truncated, type Reply } from './loopback.js';
import { patiently, read, setUp } from './throughInterceptor.js';

describe('a request through the interceptor', () => {
  it('should bring the answer as it came', async () => {
    const setup = await setUp({ '/': status(418, { 'x-tea': 'green' }, 'short and stout') });
    const answer = await request(`${setup.server.url}/`, { dispatcher: setup.dispatcher });
    expect(answer).toMatchObject({ statusCode: 418, headers: { 'x-tea': 'green' } });
    await expect(answer.body.text()).resolves.toBe('short and stout');
  });

  it.each([
    ['a text', () => 'hello'],
    ['bytes', () => Buffer.from('hello')],
    ['a stream', () => Readable.from(['hel', 'lo'])],
  ])('should send a body that is %s, after a wait as well', async (_, body) => {
    const setup = await setUp({ '/': status(200) });
    const { server } = setup;
    await Promise.all([1, 2, 3].map(() => read(setup, '/', { method: 'POST', body: body() })));
    expect(server.arrivals.map((it) => [it.method, it.body])).toEqual([
      ['POST', 'hello'],
      ['POST', 'hello'],
      ['POST', 'hello'],
    ]);
  });

  it.each([
    ['fetch of Node', fetch as unknown as typeof undiciFetch],
    ['fetch of undici', undiciFetch],
  ])('should work with %s', async (_, fetchIt) => {
    const { server, dispatcher, record } = await setUp({ '/': status(200) });
    const texts = [1, 2, 3].map(async () => {
      const response = await fetchIt(`${server.url}/`, { method: 'POST', body: 'hello', dispatcher });
      return response.text();
    });
    await expect(Promise.all(texts)).resolves.toEqual(['an answer', 'an answer', 'an answer']);
    expect(server.arrivals.map(({ body }) => body)).toEqual(['hello', 'hello', 'hello']);
    expect(record.outcomes).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('should keep connections alive', async () => {
    const setup = await setUp({ '/': status(200) });
    for (let i = 0; i < 20; i++) await read(setup);
    const alone = await Loopback.start({ '/': status(200) });
    onTestFinished(() => alone.stop());
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    for (let i = 0; i < 20; i++) await read({ ...setup, server: alone, dispatcher: agent });
    expect(setup.server.connections).toBe(alone.connections);
  });

  it('should hold its permit until the last byte of the body', async () => {
    const setup = await setUp({ '/': status(200, {}, 'x'.repeat(1_000_000)) });
    const { body } = await request(`${setup.server.url}/`, { dispatcher: setup.dispatcher });
    const next = read(setup);
    await nextTurn();
    expect(setup.limiter).toMatchObject({ active: 1, waiting: 1 });
    expect(setup.server.arrivals).toHaveLength(1);
    await body.dump({ limit: Infinity });
    await next;
    expect(setup.limiter).toMatchObject({ active: 0, waiting: 0 });
  });

  it('should pass back-pressure of the reader on', async () => {
    const setup = await setUp({ '/': status(200, {}, 'x'.repeat(5_000_000)) });
    const waiting = read(setup);
    const text = await read(setup);
    await waiting;
    expect(text).toHaveLength(5_000_000);
  });

  it('should tell its cost', async () => {
    const setup = await setUp({ '/': status(200) }, { cost: ({ method }) => (method === 'POST' ? 1 : 0.5) });
    await read(setup);
    await read(setup, '/', { method: 'POST' });
    expect(setup.record.taken).toEqual([0.5, 1]);
  });
});

describe('a permit', () => {
  it.each([
    ['a success', status(200), 'succeeded'],
    ['a client error', status(404), 'succeeded'],
    ['no body', status(204, {}, ''), 'succeeded'],
    ['a server error', status(500), 'failed'],
    ['503 without a time', status(503), 'failed'],
    ['503 with a time', status(503, { 'retry-after': '0' }), 'too-fast'],
    ['429', status(429, { 'retry-after': '0' }), 'too-fast'],
    [
      'hints before the answer',
      (response) => response.writeEarlyHints({ link: '</a>' }, () => response.end('late')),
      'succeeded',
    ],
  ] satisfies [string, Reply, string][])('should end by %s', async (_, reply, outcome) => {
    const setup = await setUp({ '/': reply });
    await read(setup);
    expect(setup.record.outcomes).toEqual([outcome]);
    expect(setup.limiter.active).toBe(0);
  });

  it('should end by the answer to HEAD', async () => {
    const setup = await setUp({ '/': status(200) });
    await read(setup, '/', { method: 'HEAD' });
    expect(setup.record.outcomes).toEqual(['succeeded']);
  });

  it.each([
    ['a reset', reset, {}],
    ['a truncated body', truncated, {}],
    ['a head that does not come in time', hang, { headersTimeout: 1 }],
    ['a body that does not come in time', stuck, { bodyTimeout: 1 }],
  ] satisfies [string, Reply, object][])('should end by %s', async (_, reply, options) => {
    const setup = await setUp({ '/bad': reply, '/': status(200) });
    const bad = read(setup, '/bad', options);
    const next = read(setup);
    await expect(bad).rejects.toThrow();
    await expect(next).resolves.toBe('an answer');
    expect(setup.record.outcomes).toEqual(['failed', 'succeeded']);
    expect(setup.limiter).toMatchObject({ active: 0, waiting: 0 });
  });

  it('should end by a refused connection', async () => {
    const setup = await setUp({});
    await setup.server.stop();
    await expect(read(setup)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(setup.record.outcomes).toEqual(['failed']);
  });

  it('should end by a refusal even where its body is cut off', async () => {
    const cutOff: Reply = (response, it) => {
      response.writeHead(429, { 'retry-after': '0', 'content-length': '1000' });
      response.write('some', () => it.socket.destroy());
    };
    const setup = await setUp({ '/': cutOff });
    await expect(read(setup)).rejects.toThrow();
    expect(setup.record.outcomes).toEqual(['too-fast']);
  });

  it('should end by an upgrade', async () => {
    const { server, dispatcher, record, limiter } = await setUp({ '/': status(200) });
    const { socket } = await dispatcher.upgrade({ origin: server.url, path: '/', protocol: 'echo' } as never);
    expect(record.outcomes).toEqual(['succeeded']);
    expect(limiter.active).toBe(0);
    socket.destroy();
  });

  it('should end by an abort while the answer is awaited', async () => {
    const setup = await setUp({ '/hang': hang, '/': status(200) });
    const aborting = new AbortController();
    const hanging = read(setup, '/hang', { signal: aborting.signal });
    const next = read(setup);
    await expect.poll(() => setup.server.arrivals.length, patiently).toBe(1);
    aborting.abort(new Error('no patience'));
    await expect(hanging).rejects.toThrow('no patience');
    await next;
    expect(setup.record.outcomes).toEqual(['unknown', 'succeeded']);
  });

  it('should end by an abort amid the body', async () => {
    const setup = await setUp({ '/stuck': stuck, '/': status(200) });
    const { body } = await request(`${setup.server.url}/stuck`, { dispatcher: setup.dispatcher });
    const next = read(setup);
    body.destroy();
    await next;
    expect(setup.record.outcomes).toEqual(['unknown', 'succeeded']);
  });

  it('should end by a cancelled body of fetch', async () => {
    const setup = await setUp({ '/stuck': stuck, '/': status(200) });
    const response = await undiciFetch(`${setup.server.url}/stuck`, { dispatcher: setup.dispatcher });
    const next = read(setup);
    await response.body?.cancel();
    await next;
    expect(setup.record.outcomes).toEqual(['unknown', 'succeeded']);
  });
});
