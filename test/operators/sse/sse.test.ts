import { getEventListeners } from 'node:events';
import { EMPTY, from, NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../../operators/index.js';
import { sse, type SseEvent, type SseOptions } from '../../../operators/sse/index.js';
import { promises } from '../virtualClock.js';
import { opened, watched } from './opened.js';

const url = 'http://127.0.0.1/events';

describe('the answer of sse', () => {
  it('is an event stream that nobody keeps or packs', () => {
    const { response } = opened(EMPTY, { headers: { 'x-mine': 'yes', 'content-type': 'text/html' } });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-mine': 'yes',
    });
  });

  it.each(['Content-Type', 'CONTENT-TYPE'])('says once what it is, also where %s is given', (name) => {
    const { headers } = sse(NEVER, { headers: { [name]: 'text/event-stream', 'Cache-Control': 'public' } });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
  });

  it('begins with the pause before a client comes back, drawn from once to half as much again', async () => {
    for (const [random, pause] of [
      [0, 1_000],
      [0.5, 1_250],
      [0.999, 1_500],
    ] as const) {
      const { reading } = opened(NEVER, { retryMs: 1_000, random: () => random });
      await reading.read();
      expect(reading.text).toBe(`retry: ${pause}\n\n`);
    }
  });

  it('tells each event as JSON, under its name and id', async () => {
    const { reading } = opened(from([{ data: { a: 'x\ny' }, event: 'state', id: '7' }, { data: undefined }]));
    await reading.read(2);
    expect(reading.events.slice(0, 2)).toEqual([
      { id: '7', event: 'state', data: '{"a":"x\\ny"}' },
      { id: '7', event: 'message', data: 'null' },
    ]);
  });

  it('is 204 for a client that has had the end, as unstored as any, and the source is not asked', () => {
    let isAsked = false;
    const request = new Request(url, { headers: { 'last-event-id': 'end' } });
    const response = sse(() => ((isAsked = true), NEVER), { request, headers: { 'x-mine': 'yes' } });
    expect([response.status, response.body, isAsked]).toEqual([204, null, false]);
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store, no-transform',
      'x-mine': 'yes',
    });
  });

  it.each([
    ...[{ heartbeatMs: 0 }, { stallMs: -1 }, { maxBuffered: 0 }, { overflow: 'error' }, { heartbeat: 5 }],
    ...[{ request: null }, { request: url }, { request: { headers: {} } }],
  ])('refuses %j', (options) => {
    const answer = (): Response => sse(NEVER, options as SseOptions);
    expect(answer).toThrow(OptionsError);
    expect(answer).toThrow(/^sse: /);
  });
});

describe('the source of sse', () => {
  it('is subscribed to as the body is first read, and not before', async () => {
    const { events } = watched();
    const { reading } = opened(events);
    await promises();
    expect(events.observed).toBe(false);
    await reading.read();
    expect(events.observed).toBe(true);
  });

  it('is unsubscribed from, and no timer left, as the client goes', async () => {
    const { events } = watched();
    const { reading, clock } = opened(events);
    await reading.read(2);
    expect(clock.pending).toBe(1);
    await reading.cancel();
    expect(events.observed).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it.each(['request', 'signal'])(
    'is unsubscribed from as the %s is aborted, and the client left to come back',
    async (by) => {
      const { events, next } = watched();
      const abort = new AbortController();
      const { signal } = abort;
      const { reading, clock } = opened(
        events,
        by === 'signal' ? { signal } : { request: new Request(url, { signal }) },
      );
      await reading.read(2);
      abort.abort();
      next('late');
      await promises();
      expect([events.observed, clock.pending, reading.isOver]).toEqual([false, 0, true]);
      expect(reading.told).toEqual([]);
    },
  );

  it('shares one listener on a signal that lives on, and leaves none, whether it ends or the client goes', async () => {
    const { signal } = new AbortController();
    const [ended, left] = [EMPTY, NEVER].map((source) => opened(source, { signal }).reading);
    await ended!.read(1);
    await left!.read(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await ended!.read(2);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await left!.cancel();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves nothing on a signal that lives on where nobody ever reads it, as for a HEAD', () => {
    const { signal } = new AbortController();
    sse(NEVER, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('is never subscribed to where the server goes down already', async () => {
    const { events } = watched();
    const { reading } = opened(events, { signal: AbortSignal.abort() });
    await reading.read();
    expect([events.observed, reading.isOver, reading.text]).toEqual([false, true, '']);
  });

  it('is asked for what came after the last event that the client has', async () => {
    const asked: (string | undefined)[] = [];
    const source = (id: string | undefined) => (asked.push(id), NEVER);
    sse(source);
    sse(source, { request: new Request(url) });
    sse(source, { request: new Request(url, { headers: { 'last-event-id': 'e-7' } }) });
    await promises();
    expect(asked).toEqual([undefined, undefined, 'e-7']);
  });

  it('may be endless and synchronous: it is left at the first event that does not fit', async () => {
    let pulled = 0;
    function* endless(): Generator<SseEvent> {
      for (;;) yield { data: ++pulled };
    }
    const { reading } = opened(from(endless()), { maxBuffered: 10 });
    await reading.read(3);
    expect(pulled).toBeLessThan(15);
    expect(reading.isOver).toBe(true);
  });
});
