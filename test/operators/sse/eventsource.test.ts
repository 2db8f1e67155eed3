import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { EventSource } from 'eventsource';
import { of, type Observable } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keyedStates, sse, type SseEvent, type SseOptions } from '../../../operators/sse/index.js';

interface Served {
  readonly url: string;
  /** The ids with which clients came, in order. */
  readonly asked: (string | null)[];
  /** Cuts every connection. */
  readonly cut: () => void;
}

async function serving(
  source: (lastEventId: string | undefined) => Observable<SseEvent>,
  options: SseOptions = {},
): Promise<Served> {
  const asked: (string | null)[] = [];
  const fetch = (request: Request): Response => {
    asked.push(request.headers.get('last-event-id'));
    return sse(source, { request, retryMs: 10, ...options });
  };
  const server = serve({ fetch, hostname: '127.0.0.1', port: 0 }) as Server;
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, cut: () => server.closeAllConnections() };
}

function followed(url: string): { readonly source: EventSource; readonly told: (readonly [string, unknown])[] } {
  const source = new EventSource(url);
  onTestFinished(() => source.close());
  const told: (readonly [string, unknown])[] = [];
  for (const name of ['state', 'gone', 'reset', 'end', 'message']) {
    source.addEventListener(name, ({ data }) => told.push([name, JSON.parse(data as string)]));
  }
  return { source, told };
}

describe('the package eventsource, over HTTP', () => {
  it('gets all there is and the end, comes back once, and is told for good', async () => {
    const { url, asked } = await serving(() => of<SseEvent>({ data: 'a\n\nb', id: '1' }));
    const { source, told } = followed(url);
    await expect.poll(() => source.readyState).toBe(EventSource.CLOSED);
    expect(told).toEqual([
      ['message', 'a\n\nb'],
      ['end', null],
    ]);
    expect(asked).toEqual([null, 'end']);
  });

  it('resumes where it was cut off: what has changed meanwhile, once, and nothing else', async () => {
    const states = keyedStates<string>({ epoch: 'e' });
    const { url, asked, cut } = await serving((id) => states.since(id));
    for (const key of ['a', 'b', 'c']) states.set(key, `${key}1`);
    const { told } = followed(url);
    await expect.poll(() => told.length).toBe(3);
    cut();
    states.set('a', 'a2');
    states.set('a', 'a3');
    states.delete('b');
    await expect.poll(() => told.length).toBe(5);
    states.set('d', 'd1');
    await expect.poll(() => told.length).toBe(6);
    expect(told.slice(3)).toEqual([
      ['state', 'a3'],
      ['gone', { key: 'b' }],
      ['state', 'd1'],
    ]);
    expect(asked).toEqual([null, 'e-3']);
  });

  it('gets all there is in several connections where that is more than may wait', async () => {
    const states = keyedStates<number>({ epoch: 'e' });
    for (let i = 1; i <= 9; i++) states.set(`${i}`, i);
    const { url, asked } = await serving((id) => states.since(id), { maxBuffered: 4 });
    const { told } = followed(url);
    await expect.poll(() => told.length).toBe(9);
    expect(told.map(([, state]) => state)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(asked).toEqual([null, 'e-4', 'e-8']);
  });
});
