import { describe, expect, it } from 'vitest';
import { asking, create } from './asking.js';

describe('others on the account', () => {
  it('hold their slots from the first instant of a window until just before its last', () => {
    const { ask, model } = asking({ tasks: 2, others: [{ fromMs: 100, untilMs: 200, tasks: 2 }] });
    const codes = [99, 100, 199, 200].map((nowMs) => [ask(create(), nowMs).code, model.books(nowMs).others.running]);
    expect(codes).toEqual([
      [0, 0],
      [1303, 1],
      [1303, 1],
      [0, 0],
    ]);
    expect(model.books(200)).toMatchObject({
      running: 2,
      greatestRunning: 2,
      others: { running: 0, greatestRunning: 1, refused: 2 },
      refused: { 1303: 2 },
    });
  });

  it('leave what they do not want to us', () => {
    const { ask, model } = asking({ tasks: 3, others: [{ fromMs: 0, untilMs: 50, tasks: 2 }] });
    expect([ask(create()).code, ask(create()).code]).toEqual([0, 1303]);
    expect(model.books(0)).toMatchObject({ running: 1, greatestRunning: 3, others: { running: 2, refused: 1 } });
  });

  it('never take the slot of a task that runs, and take it before us when it ends', () => {
    const { ask, model } = asking({ tasks: 2, others: [{ fromMs: 1, untilMs: 20_000, tasks: 2 }] });
    ask(create(), 0);
    ask(create({ prompt: 'second' }), 0);
    expect(model.books(9_999)).toMatchObject({ running: 2, others: { running: 0 } });
    expect(ask(create(), 10_000).code).toBe(1303);
    expect(model.books(10_000)).toMatchObject({ running: 0, greatestRunning: 2, others: { running: 2, refused: 1 } });
  });

  it('of two windows are added up, and come and go each at its own instants', () => {
    const others = [
      { fromMs: 0, untilMs: 30, tasks: 1 },
      { fromMs: 10, untilMs: 20, tasks: 9 },
      { fromMs: 30, untilMs: 40, tasks: 1 },
    ];
    const { model } = asking({ tasks: 4, others });
    expect([0, 10, 19, 20, 29, 30, 39, 40].map((nowMs) => model.books(nowMs).others.running)).toEqual([
      1, 4, 4, 1, 1, 1, 1, 0,
    ]);
  });

  it('what would not fit without them is not refused because of them', () => {
    const { ask, model } = asking({ tasks: 1, others: [{ fromMs: 5, untilMs: 50, tasks: 1 }] });
    ask(create(), 0);
    expect(ask(create(), 10).code).toBe(1303);
    expect(model.books(10)).toMatchObject({ others: { running: 0, refused: 0 }, refused: { 1303: 1 } });
  });
});
