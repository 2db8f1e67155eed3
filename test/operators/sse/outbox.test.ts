import { concat, from, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { QueueFullError } from '../../../operators/index.js';
import type { SseEvent } from '../../../operators/sse/index.js';
import { promises } from '../virtualClock.js';
import { opened, watched } from './opened.js';

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

  it.each([{}, { overflow: 'disconnect' } as const])(
    'breaks off after what waits where more keys wait than fit: %j',
    async (options) => {
      const { events, next } = watched();
      const { reading, clock } = opened(events, { maxBuffered: 2, ...options });
      await reading.read();
      next(1, 2);
      expect(events.observed).toBe(true);
      next(3);
      expect(events.observed).toBe(false);
      await reading.read(2);
      expect([clock.pending, reading.isOver]).toEqual([0, true]);
      expect(reading.told.map(([, data]) => data)).toEqual([1, 2]);
    },
  );

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
  it('are never sent, and nobody given up, where both are told to be never', async () => {
    const { reading, clock } = opened(NEVER, { heartbeatMs: Infinity, stallMs: Infinity });
    await reading.read();
    expect(clock.pending).toBe(0);
    await reading.read();
    expect(clock.pending).toBe(0);
  });

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
  it('comes at once to a client that waits', async () => {
    const { events } = watched();
    const { reading } = opened(events);
    await reading.read(2);
    expect(reading.told).toEqual([]);
    events.complete();
    await promises();
    expect(reading.told).toEqual([['end', null]]);
    await reading.read();
    expect(reading.isOver).toBe(true);
  });

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
      await reading.read();
      expect(reading.told.map(([name]) => name)).toEqual(['message', 'failed', 'end']);
      expect(events.observed).toBe(false);
      await reading.read();
      expect(reading.isOver).toBe(true);
    },
  );

  it('may come by what the making of an event does, and leaves no timer then either', async () => {
    const { events, next } = watched();
    const goingDown = new AbortController();
    const { reading, clock } = opened(events, { signal: goingDown.signal });
    await reading.read();
    next({ toJSON: () => goingDown.abort() });
    await reading.read();
    expect([events.observed, clock.pending, reading.isOver, reading.told]).toEqual([false, 0, true, []]);
  });
});
