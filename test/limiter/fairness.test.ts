import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../src/limiter/fairQueue.js';
import { placeOf } from '../../src/limiter/place.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { Turns, Waiting } from './fairnessTurns.js';

describe('turns between keys', () => {
  it('are taken one by one where all weigh the same', () => {
    const turns = new Turns();
    turns.fill('a', 4);
    turns.fill('b', 4);
    turns.fill('c', 2);
    expect(turns.serve()).toBe('a' + 'abc' + 'abc' + 'abb');
  });

  it('follow the weights', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.fill('b', 4);
    turns.fill('a', 6, { weight: 3 });
    expect(turns.serve()).toBe('-' + 'baaa' + 'baaa' + 'bb');
  });

  it('follow weights under 1 just so', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.fill('b', 4, { weight: 0.25 });
    turns.fill('a', 6, { weight: 0.75 });
    expect(turns.serve()).toBe('-' + 'baaa' + 'baaa' + 'bb');
  });

  it('count what work costs', () => {
    const turns = new Turns({ limits: [concurrency({ limit: 3 })] });
    turns.enter('-', { cost: 3 });
    turns.fill('b', 3, { cost: 3 });
    turns.fill('a', 6);
    expect(turns.serve()).toBe('-' + 'baaa' + 'baaa' + 'b');
  });

  it('follow a weight that is lowered while work waits', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.fill('a', 40, { weight: 1 });
    turns.fill('b', 10, { weight: 1 });
    turns.enter('b', { weight: 0.25 });
    turns.serve(6);
    turns.order = '';
    expect(turns.serve(15)).toMatch(/^(?:a{4}b){3}$|^a{1,3}b(?:a{4}b){2}a{1,3}$/);
  });

  it('are short again as soon as a light weight has gone', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.enter('z', { weight: 0.01 });
    turns.fill('a', 500);
    turns.fill('b', 500);
    const [, ...runs] = turns.serve().split('z');
    expect(runs.join('')).toMatch(/(?:ab){300}a*$/);
  });

  it('are short again as soon as heavy work has gone', () => {
    const turns = new Turns({ limits: [concurrency({ limit: 100 })] });
    turns.enter('-', { cost: 100 });
    turns.enter('z', { cost: 100 });
    turns.fill('a', 500);
    turns.fill('b', 500);
    expect(turns.serve()).toMatch(/(?:ab){300}$/);
  });

  it('come to work without cost too', () => {
    const turns = new Turns({ limits: [] });
    turns.limiter.coolDown(10);
    turns.fill('a', 4, { cost: 0 });
    turns.fill('b', 4, { cost: 0 });
    turns.clock.drain();
    expect(turns.order).toBe('abababab');
  });

  it('come to a newcomer after those who are there', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.fill('a', 3);
    turns.fill('b', 3);
    turns.serve(1);
    turns.fill('c', 2);
    expect(turns.serve()).toBe('-a' + 'bac' + 'bac' + 'b');
  });

  it('end where the rest is too little for the next, as the first gives up', () => {
    const turns = new Turns({ limits: [concurrency({ limit: 4 })] });
    turns.enter('-', { cost: 4 });
    turns.fill('b', 2, { cost: 4 });
    turns.enter('a', { cost: 1, weight: 2 });
    turns.enter('a', { cost: 4, weight: 2 });
    const given = turns.enter('a', { cost: 1, weight: 2 });
    turns.enter('a', { cost: 4, weight: 2 });
    expect(turns.serve(3)).toBe('-' + 'b' + 'aa');
    turns.limiter.leave(given);
    expect(turns.serve()).toBe('-' + 'b' + 'aa' + 'b' + 'a');
  });

  it('are not saved up by a key that is held back again and again', () => {
    const queue = new FairQueue();
    for (const key of 'aaaaabbbbb') queue.push(new Waiting(1, placeOf({ key })));
    const order = (): unknown => {
      const next = queue.next();
      if (next !== undefined) queue.serve(next);
      return next?.place.key;
    };
    for (let times = 0; times < 10; times++) {
      const next = queue.next();
      if (next === undefined) throw new Error('somebody waits');
      queue.park(next, Infinity);
      queue.unpark(next.place.key);
    }
    expect(Array.from({ length: 10 }, order).join('')).toBe('ababababab');
  });

  it('go on for a key that comes back at once, gives up, and comes back again', () => {
    const turns: Turns = new Turns({}, ({ name }) => {
      if (name !== 'once' || turns.limiter.waiting > 0) return;
      turns.limiter.leave(turns.enter('once'));
      turns.enter('again', { key: 'once' });
    });
    turns.enter('-');
    turns.enter('once');
    expect(turns.serve()).toBe('-' + 'once' + 'again');
  });
});

describe('priority', () => {
  it('goes before all of a lower one, whatever the keys and weights', () => {
    const turns = new Turns();
    turns.enter('-');
    turns.fill('a', 2, { priority: -1, weight: 100 });
    turns.fill('b', 2);
    turns.fill('c', 2, { priority: 5 });
    turns.fill('d', 2, { priority: 5 });
    expect(turns.serve()).toBe('-' + 'cdcd' + 'bb' + 'aa');
  });

  it('goes first even as it waits for its own key: on the millisecond, past a heavy one that waits for room', () => {
    const window = (limit: number, name: string): Limit =>
      slidingWindow({ limit, intervalMs: 50 * limit, countUntil: 'start', name });
    const turns = new Turns({ limits: [window(3, 'all'), perKey(() => window(1, 'own'))] });
    turns.fill('h', 2, { priority: 1 });
    turns.enter('l', { cost: { all: 3 } });
    turns.clock.advance(49);
    expect(turns.order).toBe('h');
    turns.clock.advance(1);
    expect(turns.order).toBe('hh');
  });
});

describe('a key that its own limit holds back', () => {
  it("is in nobody else's way", () => {
    const turns = new Turns({ limits: [concurrency({ limit: 5 }), perKey(() => concurrency({ limit: 2 }))] });
    turns.fill('a', 4);
    turns.fill('b', 1);
    turns.fill('c', 4);
    expect(turns.order).toBe('aabcc');
    expect(turns.serve()).toBe('aabcc' + 'aacc');
  });

  it("is in nobody's way either where the limits for all hold it back longer", () => {
    const turns = new Turns({ limits: [concurrency({ limit: 4 }), perKey(() => concurrency({ limit: 3 }))] });
    const [first] = turns.fill('a', 1, { cost: 2 });
    turns.enter('a', { cost: 3 });
    turns.fill('b', 3);
    expect(turns.order).toBe('abb');
    first?.end();
    expect(turns.order).toBe('abb' + 'b');
  });

  it('wakes on the millisecond, key by key, with one timer', () => {
    const own = perKey(() => slidingWindow({ limit: 1, intervalMs: 100, countUntil: 'start', name: 'own' }));
    const startsMs: number[] = [];
    const turns: Turns = new Turns({ limits: [own] }, () => startsMs.push(turns.clock.now()));
    for (const name of 'abcde') {
      turns.fill(name, 3);
      expect(turns.clock.pending).toBe(1);
      turns.clock.advance(7);
    }
    while (turns.clock.pending > 0) {
      expect(turns.clock.pending).toBe(1);
      turns.clock.advance(1);
    }
    expect(turns.order).toBe('abcde'.repeat(3));
    expect(startsMs).toEqual([0, 100, 200].flatMap((atMs) => [0, 7, 14, 21, 28].map((byMs) => atMs + byMs)));
  });

  it('takes its turns again as one who holds it back gives the place back', () => {
    const turns = new Turns({ limits: [concurrency({ limit: 3 }), perKey(() => dailyQuota({ limit: 1 }))] });
    const [first] = turns.fill('a', 2);
    turns.limiter.refund(1, 0, first?.place.key);
    turns.limiter.admitWaiting();
    expect(turns.order).toBe('aa');
  });

  it('goes on with the next of its own where the first gives up', () => {
    const turns = new Turns({ limits: [perKey(() => concurrency({ limit: 3 }))] });
    turns.fill('a', 2);
    const heavy = turns.enter('a', { cost: 3 });
    turns.enter('a');
    expect(turns.order).toBe('aa');
    turns.limiter.leave(heavy);
    expect(turns.order).toBe('aaa');
  });
});

describe('a full queue with keys', () => {
  it("gives up the longest waiting of the same key with 'drop-oldest', and its place among the keys stays", () => {
    const turns = new Turns({ queue: { maxSize: 3, overflow: 'drop-oldest' } });
    turns.enter('-');
    turns.enter('a');
    turns.fill('b', 3);
    expect([turns.dropped, turns.limiter.waiting]).toEqual(['b', 3]);
    expect(turns.serve()).toBe('-abb');
  });

  it("gives up whose turn is next where a key has none with 'drop-oldest'", () => {
    const turns = new Turns({ queue: { maxSize: 2, overflow: 'drop-oldest' } });
    turns.enter('-');
    for (const name of 'abc') turns.enter(name);
    expect(turns.dropped).toBe('a');
    expect(turns.serve()).toBe('-bc');
  });

  it("gives up the newcomer with 'drop-newest', parked keys or not", () => {
    const limits = [perKey(() => concurrency({ limit: 1 }))];
    const turns = new Turns({ limits, queue: { maxSize: 2, overflow: 'drop-newest' } });
    turns.fill('a', 4);
    turns.fill('b', 2);
    expect(turns.dropped).toBe('ab');
    expect(turns.serve()).toBe('abaa');
  });
});

describe('the cost of a decision', () => {
  /** How often a limit is asked for each start while so many keys, two pieces of work each, take their turns. */
  function asksPerStart(keys: number, limits: readonly Limit[]): number {
    let asked = 0;
    const counting: Limit = {
      name: 'counting',
      kind: 'gate',
      capacity: Infinity,
      earliest: (_cost, nowMs) => (asked++, nowMs),
      take() {},
      release() {},
      refund() {},
      usage: (nowMs) => ({ used: 0, capacity: 1, resetsAtMs: nowMs }),
    };
    const turns = new Turns({ limits: [...limits, counting] });
    for (let round = 0; round < 2; round++) for (let key = 0; key < keys; key++) turns.enter('.', { key });
    asked = 0;
    turns.serve();
    expect(turns.order).toHaveLength(2 * keys);
    return asked / (2 * keys);
  }

  it.each([1, 10_000])('is two questions a start at most, with %d keys', (keys) => {
    expect(asksPerStart(keys, [concurrency({ limit: 1 })])).toBeLessThanOrEqual(2);
  });

  it.each([1, 10_000])('is three at most where their own limits hold back %d keys', (keys) => {
    expect(asksPerStart(keys, [perKey(() => concurrency({ limit: 1 }))])).toBeLessThanOrEqual(3);
  });
});
