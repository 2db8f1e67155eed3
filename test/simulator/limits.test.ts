import { describe, expect, it } from 'vitest';
import { asking, create, field, list, query } from './asking.js';

const dayMs = 86_400_000;

describe('requests per minute', () => {
  it('lets one pass exactly at the edge of the window, and not one millisecond before', () => {
    const { ask } = asking({ tier: 'standard', requests: 2 });
    const codes = [0, 10, 59_999, 60_000, 60_009, 60_010, 119_999].map((nowMs) => [nowMs, ask(list(), nowMs).code]);
    expect(codes).toEqual([
      [0, 0],
      [10, 0],
      [59_999, 1302],
      [60_000, 0],
      [60_009, 1302],
      [60_010, 0],
      [119_999, 1302],
    ]);
  });

  it('counts polls, lists, unknown paths and requests refused later, not those it refuses itself', () => {
    const { ask } = asking({ requests: 4, intervalMs: 1_000 });
    ask(query('none'), 0);
    ask(list(), 0);
    ask({ method: 'GET', target: '/nowhere' }, 0);
    ask(create({ prompt: '' }), 0);
    for (let nowMs = 1; nowMs < 1_000; nowMs += 1) expect(ask(list(), nowMs).code).toBe(1302);
    expect(ask(list(), 1_000).code).toBe(0);
  });

  it('counts each key apart, and nobody without credentials', () => {
    const { ask } = asking({ requests: 1 });
    const codes = [
      { ...list(), auth: 1002 as const },
      { ...list(), keyId: 'a' },
      { ...list(), keyId: 'b' },
      { ...list(), keyId: 'a' },
    ].map((request) => ask(request).code);
    expect(codes).toEqual([1002, 0, 0, 1302]);
  });

  it('tells how long to wait only where asked to, in whole seconds, never too few', () => {
    const silent = asking({ requests: 1 });
    silent.ask(list());
    expect(silent.ask(list(), 1)).toMatchObject({ status: 429, code: 1302, headers: {} });
    const polite = asking({ requests: 1, retryAfter: true });
    polite.ask(list());
    expect([1, 1_000, 1_001, 59_999].map((nowMs) => polite.ask(list(), nowMs).headers)).toEqual([
      { 'retry-after': '60' },
      { 'retry-after': '59' },
      { 'retry-after': '59' },
      { 'retry-after': '1' },
    ]);
  });
});

describe('slots', () => {
  it('a task holds its slot until the very millisecond of its end, succeeded or failed', () => {
    const { ask } = asking({ tasks: 2 });
    const codes = [
      ask(create(), 0),
      ask(create({ prompt: '[fail]' }), 1),
      ask(create(), 9_999),
      ask(create(), 10_000),
      ask(create(), 10_000),
      ask(create(), 10_001),
    ].map(({ code }) => code);
    expect(codes).toEqual([0, 0, 1303, 0, 1303, 0]);
  });

  it('images weigh their number, and what is heavier than all slots never passes', () => {
    const { ask, model } = asking({ tasks: 5 });
    const images = (n: number): number | undefined => ask(create({ n }, 'images/generations')).code;
    expect([images(6), images(3), images(3), images(2), ask(create()).code]).toEqual([1303, 0, 1303, 0, 1303]);
    expect(model.books(0)).toMatchObject({ running: 5, greatestRunning: 5 });
    expect(model.books(10_000)).toMatchObject({ running: 0, greatestRunning: 5 });
  });

  it('tasks that end out of order free their own slots', () => {
    const draws = [0, 0.9, 0, 0, 0, 0.5];
    const { ask } = asking({ tasks: 3, taskMs: { min: 0, max: 1_000 } }, () => draws.shift() ?? 0);
    for (let count = 0; count < 3; count += 1) ask(create());
    // They last 900, 0 and 500 ms.
    const codes = [0, 0, 499, 500, 501].map((nowMs) => ask(create(), nowMs).code);
    expect(codes).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('credits', () => {
  it('refuses what the day cannot pay any more, and starts anew at midnight UTC', () => {
    const { ask } = asking({ credits: 66, epochAtMs: dayMs - 1_000 });
    for (let count = 0; count < 6; count += 1) expect(ask(create()).code).toBe(0);
    expect(ask(create(), 999)).toMatchObject({ status: 429, code: 1102 });
    expect(ask(create({ n: 6 }, 'images/generations'), 999).code).toBe(0);
    expect(ask(create({ n: 1 }, 'images/generations'), 999).code).toBe(1102);
    expect(ask(create(), 1_000).code).toBe(0);
  });

  it('gives back what a failed task cost, when it ends', () => {
    const { ask, model } = asking({ credits: 10 });
    ask(create({ prompt: '[fail]' }));
    expect(ask(create(), 9_999).code).toBe(1102);
    expect(ask(create(), 10_000).code).toBe(0);
    expect(ask(create(), 20_000).code).toBe(1102);
    expect(model.books(20_000).credits.spent).toBe(10);
  });

  it('a refund goes to the day of the purchase', () => {
    const { ask, model } = asking({ credits: 10, epochAtMs: dayMs - 5_000 });
    ask(create({ prompt: '[fail]' }));
    expect(ask(create(), 5_000).code).toBe(0);
    expect(ask(create(), 10_000).code).toBe(1102);
    expect(model.books(10_000).credits).toEqual({
      spent: 10,
      byDay: [{ startsAtMs: dayMs, spent: 10 }],
    });
  });

  it('the price is reserved until the end; then what is deducted takes its place', () => {
    const { ask, model } = asking({ credits: 20, deductionOf: () => 4 });
    const codes = [0, 0, 0, 10_000, 10_000].map((nowMs) => ask(create(), nowMs).code);
    expect(codes).toEqual([0, 0, 1102, 0, 1102]);
    expect([model.books(10_000).credits.spent, model.books(20_000).credits.spent]).toEqual([18, 12]);
    expect(field(ask(query('800000000000000001'), 20_000).data, 'final_unit_deduction')).toBe('4');
  });

  it('a deduction over the price is charged all the same, but never for a task that fails', () => {
    const { ask, model } = asking({ credits: 20, deductionOf: () => 15 });
    ask(create());
    ask(create({ prompt: '[fail]' }));
    expect([ask(create(), 9_999).code, ask(create(), 10_000).code]).toEqual([1102, 1102]);
    expect(model.books(10_000).credits.spent).toBe(15);
  });

  it('a price of our own decides', () => {
    const { ask } = asking({ credits: 5, creditsOf: ({ prompt }) => prompt.length });
    expect([ask(create({ prompt: 'abcd' })).code, ask(create({ prompt: 'ab' })).code]).toEqual([0, 1102]);
    expect(ask(create({ prompt: 'a' })).code).toBe(0);
  });
});
