import { concat, EMPTY, from, NEVER, of, Subject, throwError, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { OptionsError, QueueFullError } from '../../../operators/index.js';
import { sse, type SseEvent, type SseOptions } from '../../../operators/sse/index.js';
import { promises, VirtualClock } from '../virtualClock.js';
import { Reading } from './reading.js';

const url = 'http://127.0.0.1/events';

function opened(source: Observable<SseEvent>, options: SseOptions = {}) {
  const clock = new VirtualClock();
  const response = sse(source, { clock, random: () => 0, ...options });
  return { clock, response, reading: new Reading(response) };
}

/** A subject, and how many follow it. */
function watched() {
  const events = new Subject<SseEvent>();
  return { events, next: (...data: readonly unknown[]) => data.forEach((it) => events.next({ data: it })) };
}

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

  it.each([{ heartbeatMs: 0 }, { stallMs: -1 }, { maxBuffered: 0 }, { overflow: 'error' }, { heartbeat: 5 }])(
    'refuses %j',
    (options) => {
      expect(() => sse(NEVER, options as SseOptions)).toThrow(OptionsError);
    },
  );
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
    await reading.read(2);
    expect(pulled).toBeLessThan(15);
    expect(reading.isOver).toBe(true);
  });
});

describe('back-pressure in sse', () => {
  it('keeps the newest event of each key for a client that does not read, and says nothing twice', async () => {
    const { events } = watched();
    const { reading } = opened(events);
    await reading.read();
    for (let i = 1; i <= 1_000; i++) events.next({ data: i, key: i % 3 });
    await reading.read(2);
    expect(reading.told.map(([, data]) => data)).toEqual([998, 999, 1_000]);
  });

  it('makes text only of what is read', async () => {
    const { events } = watched();
    let encoded = 0;
    const data = { toJSON: () => (encoded++, 'x'.repeat(20_000)) };
    const { reading } = opened(events);
    await reading.read();
    for (let i = 0; i < 5; i++) events.next({ data });
    expect(encoded).toBe(0);
    await reading.read();
    expect(encoded).toBe(1);
    await reading.read(4);
    expect(encoded).toBe(5);
  });

  it('breaks off where more keys wait than fit, so that the client comes back and resumes', async () => {
    const { events, next } = watched();
    const { reading, clock } = opened(events, { maxBuffered: 2 });
    await reading.read();
    next(1, 2);
    expect(events.observed).toBe(true);
    next(3);
    await reading.read();
    expect([events.observed, clock.pending, reading.isOver]).toEqual([false, 0, true]);
    expect(reading.told).toEqual([]);
  });

  it('gives up the oldest instead, where it is told to', async () => {
    const { events, next } = watched();
    const { reading } = opened(events, { maxBuffered: 2, overflow: 'drop-oldest' });
    await reading.read();
    next(1, 2, 3);
    await reading.read();
    expect(reading.told.map(([, data]) => data)).toEqual([2, 3]);
  });

  it('gives a client up that reads nothing for a while, and not one ms before', async () => {
    const { events } = watched();
    const { reading, clock } = opened(events, { stallMs: 100 });
    await reading.read();
    clock.advance(99);
    expect(events.observed).toBe(true);
    clock.advance(1);
    expect(events.observed).toBe(false);
    await reading.read();
    expect(reading.isOver).toBe(true);
  });
});

describe('heartbeats of sse', () => {
  it('show life after each silence, and only to a client that reads', async () => {
    const { events, next } = watched();
    const { reading, clock } = opened(events, { heartbeatMs: 10, stallMs: Infinity });
    await reading.read(2);
    clock.advance(9);
    await promises();
    next('a');
    await reading.read();
    clock.advance(9);
    await promises();
    expect(reading.text).toBe('retry: 3000\n\ndata: "a"\n\n');
    clock.advance(1);
    await promises();
    expect(reading.text).toBe('retry: 3000\n\ndata: "a"\n\n:\n\n');
    clock.advance(1_000);
    await reading.read();
    expect(reading.text).toBe('retry: 3000\n\ndata: "a"\n\n:\n\n');
    expect(reading.told).toEqual([['message', 'a']]);
  });
});

describe('the end of sse', () => {
  it('comes after all that waits, as an event of its own', async () => {
    const { reading, clock } = opened(of<SseEvent>({ data: 1, id: '1' }));
    await reading.read(3);
    expect(reading.events).toEqual([
      { id: '1', event: 'message', data: '1' },
      { id: 'end', event: 'end', data: 'null' },
    ]);
    expect([reading.isOver, clock.pending]).toEqual([true, 0]);
  });

  it('comes last also where what waits takes many readings', async () => {
    const big = Array.from({ length: 5 }, (_, i) => ({ data: `${i}${'x'.repeat(20_000)}` }));
    const { reading } = opened(from(big));
    await reading.read(7);
    expect(reading.told.map(([name]) => name)).toEqual([...big.map(() => 'message'), 'end']);
    expect(reading.isOver).toBe(true);
  });

  it('is final: who comes back is told so by 204, and the source not asked', () => {
    let isAsked = false;
    const request = new Request(url, { headers: { 'last-event-id': 'end' } });
    const response = sse(() => ((isAsked = true), NEVER), { request });
    expect([response.status, response.body, isAsked]).toEqual([204, null, false]);
  });

  it.each([
    [new QueueFullError(3), { code: 'SLUICE_QUEUE_FULL', message: new QueueFullError(3).message }],
    [new Error('password: hunter2'), { code: 'UNKNOWN', message: 'the stream has failed' }],
  ])('by %o is told, and of strangers nothing but that', async (error, told) => {
    const { reading } = opened(
      concat(
        of({ data: 1 }),
        throwError(() => error),
      ),
    );
    await reading.read(3);
    expect(reading.told).toEqual([
      ['message', 1],
      ['failed', told],
      ['end', null],
    ]);
    expect(reading.isOver).toBe(true);
  });

  it.each([{ data: 1n }, { data: 1, event: 'a\nb' }, { data: 1, id: 'a\rb' }])(
    'comes by an event that cannot be sent, after those before it: %o',
    async (event) => {
      const { events } = watched();
      const { reading } = opened(events);
      await reading.read();
      for (const it of [{ data: 'before' }, event, { data: 'after' }]) events.next(it);
      await reading.read(2);
      expect(reading.told.map(([name]) => name)).toEqual(['message', 'failed', 'end']);
      expect([events.observed, reading.isOver]).toEqual([false, true]);
    },
  );
});
