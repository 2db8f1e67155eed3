import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { signCallback } from '../../src/simulator/callbackSignature.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.js';
import { until } from '../until.js';
import { field } from './asking.js';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver on this machine that answers as it is told to. */
async function receiving(answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end()) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/told` };
}

async function started(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await startSimulator({ requests: 'off', speed: 1_000, ...options });
  onTestFinished(() => simulator.stop());
  return simulator;
}

async function order({ url }: Simulator, callbackUrl: string): Promise<void> {
  const headers = { authorization: 'Bearer sim-key' };
  const body = JSON.stringify({ prompt: 'a cat', options: { callback_url: callbackUrl } });
  const response = await fetch(`${url}/text-to-video/kling-3.0`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

const statusIn = ({ body }: Received): unknown => field(JSON.parse(body), 'status');

describe('callbacks over HTTP', () => {
  it('are posted bare, as JSON, and signed with the time of this machine', async () => {
    const secret = 'whsec_c2ltdWxhdGVk';
    const { received, url } = await receiving();
    const simulator = await started({ callbackSecret: secret });
    const beforeMs = systemClock.epochNow();
    await order(simulator, url);
    await until(() => simulator.books().callbacks.accepted === 3);
    expect(received.map(statusIn).sort()).toEqual(['processing', 'submitted', 'succeeded']);
    for (const { headers, body } of received) {
      const seconds = Number(headers['webhook-timestamp']);
      expect(seconds).toBeGreaterThanOrEqual(Math.floor(beforeMs / 1_000));
      expect(seconds).toBeLessThanOrEqual(systemClock.epochNow() / 1_000);
      const message = { id: String(headers['webhook-id']), sentAtMs: seconds * 1_000, text: body };
      expect(headers).toMatchObject({ 'content-type': 'application/json', ...signCallback(secret, message) });
    }
    expect(simulator.books().callbacks).toEqual({ due: 3, notSent: 0, sent: 3, accepted: 3 });
  });

  it('are not signed without a secret', async () => {
    const { received, url } = await receiving();
    const simulator = await started({});
    await order(simulator, url);
    await until(() => simulator.books().callbacks.accepted === 3);
    const names = received.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => name.startsWith('webhook'))).toEqual([]);
  });

  it('follow no redirect, and are not sent again to who refuses them or is not there', async () => {
    const elsewhere = await receiving();
    const { received, url } = await receiving((response) => response.writeHead(307, { location: elsewhere.url }).end());
    const simulator = await started({});
    await order(simulator, url);
    await order(simulator, 'http://127.0.0.1:1/told');
    await until(() => received.length === 3 && simulator.books().callbacks.sent === 6);
    await order(simulator, elsewhere.url);
    await until(() => simulator.books().callbacks.accepted === 3);
    expect([received.length, elsewhere.received.length]).toEqual([3, 3]);
  });

  it('stop() breaks off those that nobody answers', async () => {
    const closed: unknown[] = [];
    const { url } = await receiving((response) => void response.on('close', () => closed.push(response)));
    const simulator = await started({});
    await order(simulator, url);
    await until(() => simulator.books().callbacks.sent === 3);
    await simulator.stop();
    await until(() => closed.length > 0);
    expect(simulator.books().callbacks.accepted).toBe(0);
  });

  it('a secret that is none is refused, and not told', async () => {
    const starting = startSimulator({ callbackSecret: 'whsec_private words' });
    await expect(starting).rejects.toThrow('startSimulator: callbackSecret: must be whsec_ and a key in base64');
    await expect(starting).rejects.not.toThrow(/private/);
  });

  it.each(['http://%zz@127.0.0.1:1/', 'http://user:%ff@127.0.0.1:1/'])(
    'survives the address %s',
    async (callbackUrl) => {
      const simulator = await started({});
      await order(simulator, callbackUrl);
      await until(() => simulator.books().callbacks.sent === 3);
      expect(simulator.books().callbacks.accepted).toBe(0);
    },
  );
});
