import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { Faults } from '../../src/simulator/faults.js';
import { createKlingModel } from '../../src/simulator/model.js';
import { createWire, type Delivery } from '../../src/simulator/wire.js';
import { create, list } from './asking.js';

describe('the wire', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function laid(faults: Faults, draws: readonly number[] = []) {
    const left = [...draws];
    const model = createKlingModel({ faults });
    const wire = createWire({ model, clock: systemClock, random: () => left.shift() ?? 0 });
    const seen: Delivery[] = [];
    const send = (request = create()): void => wire.send(request, (delivery) => seen.push(delivery));
    return { model, wire, seen, send, created: () => model.books(systemClock.now()).created };
  }

  it('delivers at once and synchronously where nothing is slow', () => {
    const { seen, send } = laid({});
    send();
    expect(seen).toMatchObject([{ kind: 'json', status: 200 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is late there and back, and the model decides in between', () => {
    const { seen, send, created } = laid({ latencyMs: { min: 0, max: 100 } }, [0.3, 0.5, 0.5, 0.2]);
    send();
    vi.advanceTimersByTime(29);
    expect([created(), seen.length]).toEqual([0, 0]);
    vi.advanceTimersByTime(1);
    expect([created(), seen.length]).toEqual([1, 0]);
    vi.advanceTimersByTime(19);
    expect([created(), seen.length]).toEqual([1, 0]);
    vi.advanceTimersByTime(1);
    expect([created(), seen.length]).toEqual([1, 1]);
  });

  it('lets one request overtake another', () => {
    const { model, send } = laid({ latencyMs: { min: 0, max: 100 } }, [0.9, 0.1]);
    send(create({ prompt: 'first' }));
    send(create({ prompt: 'second' }));
    vi.runAllTimers();
    expect(model.books(1_000).tasks.map(({ prompt }) => prompt)).toEqual(['second', 'first']);
  });

  it('never delivers silence', () => {
    const { seen, send, created } = laid({ hang: 1 });
    send();
    vi.runAllTimers();
    expect([seen, created()]).toEqual([[], 1]);
  });

  it('delivers a reset as what it is', () => {
    const { seen, send } = laid({ resetBefore: 1 });
    send();
    expect(seen).toEqual([{ kind: 'reset' }]);
  });

  it('closed, it drops what is on its way in either direction, holds no timer and takes nothing more', () => {
    const { model, wire, seen, send, created } = laid({ latencyMs: { min: 10, max: 10 } });
    send();
    vi.advanceTimersByTime(10);
    send(list());
    wire.close();
    expect(vi.getTimerCount()).toBe(0);
    send();
    vi.runAllTimers();
    expect([seen, created(), model.books(1_000).requests.total]).toEqual([[], 1, 1]);
  });
});
