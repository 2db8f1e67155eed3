import { describe, expect, it } from 'vitest';
import { defaultCreditsOf } from '../../src/simulator/orders.js';
import { asking, costs, create, list, query } from './asking.js';

describe('the books', () => {
  it('of nothing are empty', () => {
    expect(asking().model.books(0)).toEqual({
      created: 0,
      tasks: [],
      ended: { succeeded: 0, failed: 0 },
      running: 0,
      greatestRunning: 0,
      others: { running: 0, greatestRunning: 0, refused: 0 },
      requests: { total: 0, create: 0, query: 0, list: 0, costs: 0, unknown: 0 },
      greatestWindow: 0,
      greatestArrivals: 0,
      refused: {},
      duplicatesRefused: 0,
      credits: { spent: 0, byDay: [] },
      callbacks: { due: 0, notSent: 0, sent: 0, accepted: 0 },
      files: { requests: 0, partial: 0, refused: 0 },
      faults: {},
    });
  });

  it('count requests by kind, refused or not', () => {
    const { ask, model } = asking({ requests: 5 });
    for (const request of [create(), query('1'), query('2'), list(), costs, list('?pageNum=0'), query('3')])
      ask(request);
    ask({ method: 'GET', target: '/' });
    ask({ ...list(), auth: 1002 });
    expect(model.books(0)).toMatchObject({
      requests: { total: 9, create: 1, query: 3, list: 3, costs: 1, unknown: 1 },
      refused: { 1201: 2, 1302: 3, 1002: 1 },
      greatestWindow: 5,
      greatestArrivals: 9,
    });
  });

  it('tell every task and what became of it', () => {
    const { make, model } = asking({ deductionOf: (order) => defaultCreditsOf(order) - 2 });
    make({ external_task_id: 'mine', prompt: 'a cat', model_name: 'kling-v3' }, 5);
    make({ prompt: 'a dog [fail]', mode: 'pro' }, 6);
    expect(model.books(10_005).tasks).toEqual([
      {
        taskId: '800000000000000001',
        externalId: 'mine',
        product: 'videos/text2video',
        model: 'kling-v3',
        prompt: 'a cat',
        weight: 1,
        credits: 10,
        deduction: 8,
        createdAtMs: 5,
        startsAtMs: 1_005,
        endsAtMs: 10_005,
        fails: false,
        status: 'succeed',
      },
      {
        taskId: '800000000000000002',
        externalId: undefined,
        product: 'videos/text2video',
        model: undefined,
        prompt: 'a dog [fail]',
        weight: 1,
        credits: 35,
        deduction: 33,
        createdAtMs: 6,
        startsAtMs: 1_006,
        endsAtMs: 10_006,
        fails: true,
        status: 'processing',
      },
    ]);
    expect(model.books(10_005)).toMatchObject({
      ended: { succeeded: 1, failed: 0 },
      running: 1,
      credits: { spent: 43 },
    });
    expect(model.books(10_006)).toMatchObject({
      ended: { succeeded: 1, failed: 1 },
      running: 0,
      credits: { spent: 8 },
    });
  });

  it('a slot that is freed and taken at one instant was never two', () => {
    const { make, model } = asking();
    make({}, 0);
    make({}, 10_000);
    expect(model.books(10_000)).toMatchObject({ running: 1, greatestRunning: 1 });
  });

  it('the greatest window is that of one key, and half open', () => {
    const { ask, model } = asking({ intervalMs: 1_000 });
    for (const nowMs of [0, 1, 999, 1_000]) ask({ ...list(), keyId: 'a' }, nowMs);
    for (const nowMs of [1_000, 1_000]) ask({ ...list(), keyId: 'b' }, nowMs);
    expect(model.books(1_000)).toMatchObject({ greatestWindow: 3, greatestArrivals: 3 });
  });

  it('handed out, they change no more', () => {
    const { ask, model } = asking();
    const before = model.books(0);
    ask(create());
    ask(query('none'));
    expect(before).toEqual(asking().model.books(0));
  });
});
