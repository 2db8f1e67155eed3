import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { NewerAgent } from '../http/newerAgent.js';
import { failureOf, klingBench, poll, running, submit, submitted } from './klingBench.js';
import { selfSigned } from './selfSigned.js';
import { json, ok, refusal, reset, text, truncated, type Answer } from './scriptedServer.js';

const bench = klingBench();

describe('a failing server', () => {
  it.each([
    ['a reset', reset, { kind: 'connection-lost' }],
    ['half an answer', truncated(200), { kind: 'connection-lost', status: 200 }],
    ['a page of an edge', text(502, '<html>Bad gateway</html>'), { kind: 'unreadable', status: 502 }],
    ['JSON cut short', text(200, '{"code":0,"data":{"task_id"'), { kind: 'unreadable', status: 200 }],
    ['an empty body', text(200, ''), { kind: 'unreadable', status: 200 }],
    ['a code that is no number', json(200, { code: '0', data: submitted }), { kind: 'unreadable' }],
    ['a JSON array', json(200, [submitted]), { kind: 'unreadable' }],
    ['JSON nested without end', text(200, '['.repeat(100_000)), { kind: 'unreadable' }],
  ])('leaves a submit ambiguous and a read transient: %s', async (_, answer, details) => {
    bench.server.answers(answer);
    const client = bench.client();
    const [onSubmit, onRead] = [await failureOf(submit(client)), await failureOf(poll(client))];
    expect(onSubmit).toMatchObject({ ...details, call: 'submit' });
    expect(client.classify(onSubmit).meaning).toBe('ambiguous');
    expect(onRead).toMatchObject({ ...details, call: 'read' });
    expect(client.classify(onRead).meaning).toBe('transient');
  });

  it.each([
    ['before its head', () => bench.clock.advance(30_000)],
    [
      'before its end',
      (response) => {
        response.writeHead(200);
        response.write('{"code":0,', () => void setImmediate().then(() => bench.clock.advance(30_000)));
      },
    ],
  ] satisfies [string, Answer][])('gives an answer 30 s in all: time runs out %s', async (_, answer) => {
    bench.server.answers(answer);
    const client = bench.client();
    const error = await failureOf(submit(client));
    expect(error).toMatchObject({ kind: 'timed-out', code: 'SLUICE_KLING' });
    expect(error.message).toContain('within 30000 ms');
    expect(client.classify(error).meaning).toBe('ambiguous');
    expect(bench.clock.pending).toBe(0);
  });

  it('does not count the time of an answer that came', async () => {
    bench.server.answers(ok(submitted));
    await submit(bench.client());
    expect(bench.clock.pending).toBe(0);
  });

  it('knows that nothing was sent where the certificate cannot be trusted, and says what to do', async () => {
    const server = createServer(selfSigned, () => expect.unreachable()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = bench.client({ baseUrl: `https://127.0.0.1:${port}` });
    const error = await failureOf(submit(client));
    expect(error).toMatchObject({ kind: 'not-sent' });
    expect(error.message).toMatch(/\(DEPTH_ZERO_SELF_SIGNED_CERT\): .*NODE_EXTRA_CA_CERTS; nothing was sent$/);
    expect(client.classify(error).meaning).toBe('transient');
    const trusting = new Agent({ connect: { ca: selfSigned.cert } });
    onTestFinished(() => trusting.close());
    const ofAnother = bench.client({ baseUrl: `https://127.0.0.1:${port}`, dispatcher: trusting });
    expect((await failureOf(submit(ofAnother))).message).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)');
  });

  it('knows that nothing was sent where nobody listens, even for a submit', async () => {
    const url = bench.server.url;
    await bench.server.stop();
    const client = bench.client({ baseUrl: url });
    const error = await failureOf(submit(client));
    expect(error).toMatchObject({ kind: 'not-sent', call: 'submit', status: undefined });
    expect(client.classify(error)).toEqual({ meaning: 'transient' });
  });

  it('knows so too where a name has several addresses', async () => {
    const port = new URL(bench.server.url).port;
    await bench.server.stop();
    const several = bench.client({ baseUrl: `http://localhost:${port}` });
    expect(await failureOf(submit(several))).toMatchObject({ kind: 'not-sent' });
  });

  it('stops reading an answer that is too long', async () => {
    bench.server.answers(text(200, 'x'.repeat(100_000)));
    const error = await failureOf(submit(bench.client({ maxResponseBytes: 1_000 })));
    expect(error).toMatchObject({ kind: 'unreadable', status: 200 });
    expect(error.message).toContain('over 1000 bytes');
  });

  it('reads an answer of just that length', async () => {
    const body = JSON.stringify({ code: 0, data: submitted });
    bench.server.answers(text(200, body));
    expect(await submit(bench.client({ maxResponseBytes: body.length }))).toEqual(running);
  });

  it('passes on how long to wait, in seconds or as a date by the clock of the server', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    bench.server.answers(
      refusal(429, 1302, 'too fast', { 'retry-after': '7' }),
      text(429, 'slow down', { date, 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }),
      truncated(429, { 'retry-after': '9' }),
      text(503, 'back soon', { 'retry-after': '120' }),
    );
    const client = bench.client();
    const refusals = [];
    for (let count = 0; count < 4; count += 1) refusals.push(client.classify(await failureOf(submit(client))));
    expect(refusals).toEqual([
      { meaning: 'too-fast', hintMs: 7_000 },
      { meaning: 'too-fast', hintMs: 30_000 },
      { meaning: 'too-fast', hintMs: 9_000 },
      { meaning: 'ambiguous', hintMs: 120_000, baseMs: 2_000 },
    ]);
  });

  it('is believed by its code, also with HTTP 200', async () => {
    bench.server.answers(refusal(200, 1303, 'parallel task over resource pack limit'));
    const client = bench.client();
    const error = await failureOf(submit(client));
    expect(error).toMatchObject({ status: 200, klingCode: 1303, requestId: 'req-1', kind: 'refused' });
    expect(client.classify(error)).toEqual({ meaning: 'no-slot' });
  });
});

describe('connections', () => {
  it('are kept from one request to the next', async () => {
    bench.server.answers(ok(submitted));
    const client = bench.client();
    for (let count = 0; count < 5; count += 1) {
      await poll(client);
      await setImmediate();
    }
    expect(bench.server.connections).toBe(1);
  });

  it('are closed with the client, which then sends nothing', async () => {
    bench.server.answers(ok(submitted));
    const client = bench.client();
    await poll(client);
    await client.close();
    await client.close();
    await expect(poll(client)).rejects.toThrow(OptionsError);
    expect(bench.server.seen).toHaveLength(1);
  });

  it('of a dispatcher of a newer undici will do', async () => {
    bench.server.answers(ok(submitted));
    const dispatcher = new NewerAgent();
    expect(await poll(bench.client({ dispatcher }))).toEqual([running]);
    await dispatcher.close();
  });

  it('of a dispatcher that was given are left to its owner', async () => {
    bench.server.answers(ok(submitted));
    const dispatcher = new Agent();
    const client = bench.client({ dispatcher });
    await poll(client);
    await client.close();
    expect(await poll(bench.client({ dispatcher }))).toEqual([running]);
    await dispatcher.close();
  });
});
