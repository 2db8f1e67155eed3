import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { isLoopback, type Callback } from '../../src/simulator/callbacks.js';
import type { Faults } from '../../src/simulator/faults.js';
import { createKlingModel, type KlingRequest } from '../../src/simulator/model.js';
import { createWire } from '../../src/simulator/wire.js';
import { create, field, newCreate } from './asking.js';

const url = 'http://127.0.0.1:9/told';
const first = '800000000000000001';
const epochAtMs = 1_800_000_000_000;

describe('the addresses that may be called', () => {
  it.each([
    ['http://127.0.0.1', true],
    ['http://127.200.3.4:80/a?b', true],
    ['http://127.1/', true],
    ['http://2130706433/', true],
    ['http://LOCALHOST:3000/', true],
    ['http://[::1]:3000/', true],
    ['http://user:word@127.0.0.1/', true],
    ['https://127.0.0.1/', false],
    ['http://127.0.0.1.example.test/', false],
    ['http://localhost.example.test/', false],
    ['http://127.0.0.1@example.test/', false],
    ['http://example.test/?127.0.0.1', false],
    ['http://128.0.0.1/', false],
    ['http://10.0.0.1/', false],
    ['http://0.0.0.0/', false],
    ['http://[::ffff:192.0.2.1]/', false],
    ['file:///127.0.0.1', false],
    ['here', false],
  ])('%s: %s', (address, may) => {
    expect(isLoopback(address)).toBe(may);
  });
});

describe('callbacks', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  interface Told {
    readonly atMs: number;
    readonly callback: Callback;
  }

  function laid(faults: Faults = {}, random = (): number => 0) {
    const startMs = systemClock.now();
    const model = createKlingModel({ tasks: 10, faults, epochAtMs, taskMs: { min: 10_000, max: 10_000 } });
    const told: Told[] = [];
    const onCallback = (callback: Callback): void => void told.push({ atMs: systemClock.now() - startMs, callback });
    const clock = { ...systemClock, now: () => systemClock.now() - startMs };
    const wire = createWire({ model, clock, random, onCallback });
    return { model, wire, told, send: (request: KlingRequest) => wire.send(request, () => {}) };
  }

  const statuses = (told: readonly Told[], name = 'task_status'): unknown[] =>
    told.map(({ atMs, callback }) => [atMs, field(callback.body, name)]);

  it('bring the bare task of /v1 at each change of its status', () => {
    const { model, send, told } = laid();
    send(create({ callback_url: url, external_task_id: 'mine' }));
    vi.runAllTimers();
    expect(statuses(told)).toEqual([
      [0, 'submitted'],
      [1_000, 'processing'],
      [10_000, 'succeed'],
    ]);
    expect(told.map(({ callback }) => [callback.id, callback.url])).toEqual([
      [`${first}-submitted`, url],
      [`${first}-processing`, url],
      [`${first}-succeed`, url],
    ]);
    expect(told[2]?.callback.body).toMatchObject({
      task_id: first,
      task_info: { external_task_id: 'mine' },
      updated_at: epochAtMs + 10_000,
      task_result: { videos: [{ duration: '5' }] },
      final_unit_deduction: '10',
    });
    expect(model.books(10_000).callbacks).toEqual({ due: 3, notSent: 0, sent: 3, accepted: 0 });
  });

  it('bring the task of the new API in its own shape', () => {
    const { send, told } = laid();
    send(newCreate({ options: { callback_url: url }, prompt: '[fail]' }));
    vi.runAllTimers();
    expect(statuses(told, 'status')).toEqual([
      [0, 'submitted'],
      [1_000, 'processing'],
      [10_000, 'failed'],
    ]);
    expect(told[2]?.callback.body).toMatchObject({ id: first, message: 'The task failed', outputs: [], billing: [] });
  });

  it('come even where the answer to the create is lost, but not before the model took it', () => {
    const { send, told } = laid({ resetAfter: 1, latencyMs: { min: 100, max: 100 } });
    send(create({ callback_url: url }));
    vi.runAllTimers();
    expect(told.map(({ callback }) => callback.dueAtMs)).toEqual([100, 1_100, 10_100]);
  });

  it('never come for a create that is refused', () => {
    const { model, send, told } = laid({ noSlot: 1 });
    send(create({ callback_url: url }));
    vi.runAllTimers();
    expect([told, model.books(1).callbacks.due]).toEqual([[], 0]);
  });

  it('of a task that wants none, or to another machine, cost no timer; the books tell of the latter', () => {
    const { model, send, told } = laid();
    send(create());
    send(create({ callback_url: 'https://example.test/told' }));
    expect(vi.getTimerCount()).toBe(0);
    expect([0, 1_000, 10_000].map((nowMs) => model.books(nowMs).callbacks.notSent)).toEqual([1, 2, 3]);
    expect([told, model.books(10_000).callbacks]).toEqual([[], { due: 0, notSent: 3, sent: 0, accepted: 0 }]);
  });

  it('cost one timer at a time for each task, and none where nobody listens', () => {
    const { send } = laid();
    send(create({ callback_url: url }));
    send(create({ callback_url: url }));
    expect(vi.getTimerCount()).toBe(2);
    const silent = createWire({ model: createKlingModel(), clock: systemClock, random: () => 0 });
    silent.send(create({ callback_url: url }), () => {});
    expect(vi.getTimerCount()).toBe(2);
  });

  it('end with the wire', () => {
    const { send, told, wire } = laid();
    send(create({ callback_url: url }));
    vi.advanceTimersByTime(1_000);
    wire.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.runAllTimers();
    expect(statuses(told)).toHaveLength(2);
  });

  it('a listener that closes the wire hears of nothing more', () => {
    const told: string[] = [];
    const model = createKlingModel({ taskMs: { min: 10, max: 10 } });
    const onCallback = ({ id }: Callback): void => {
      told.push(id);
      wire.close();
    };
    const wire = createWire({ model, clock: systemClock, random: () => 0, onCallback });
    wire.send(create({ callback_url: url }), () => {});
    vi.runAllTimers();
    expect(told).toEqual([`${first}-submitted`]);
  });

  it('are lost, late or sent twice where a fault says so; each change is an occasion', () => {
    const lost = laid({ callbackLost: { at: [2] } });
    lost.send(create({ callback_url: url }));
    vi.runAllTimers();
    expect(statuses(lost.told)).toEqual([
      [0, 'submitted'],
      [10_000, 'succeed'],
    ]);
    expect(lost.model.books(1e6)).toMatchObject({ callbacks: { due: 3, sent: 2 }, faults: { callbackLost: 1 } });

    const late = laid({ callbackLate: { at: [2] } }, () => 0.5);
    late.send(create({ callback_url: url }));
    vi.runAllTimers();
    expect(statuses(late.told)).toEqual([
      [0, 'submitted'],
      [10_000, 'succeed'],
      [16_000, 'processing'],
    ]);

    const twice = laid({ callbackTwice: { at: [3] } }, () => 0.5);
    twice.send(create({ callback_url: url }));
    vi.runAllTimers();
    expect(statuses(twice.told)).toEqual([
      [0, 'submitted'],
      [1_000, 'processing'],
      [10_000, 'succeed'],
      [15_000, 'succeed'],
    ]);
    expect(twice.told[3]?.callback.id).toBe(twice.told[2]?.callback.id);
    expect(twice.model.books(1e6)).toMatchObject({ callbacks: { due: 3, sent: 4 }, faults: { callbackTwice: 1 } });
  });
});
