import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { CallOptions, TaskUpdates } from '../../src/tasks/taskApi.js';
import { FakeServer } from './fakeServer.js';
import { begin } from './generating.js';
import { Machine } from './machine.js';
import { promises, VirtualClock } from './virtualClock.js';

describe('the number of slots, asked for by who leaves', () => {
  it('is not asked for any more where that waits for its turn, and nobody is listened to', async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const api = Object.assign(new FakeServer({ clock }), { concurrency: () => Promise.resolve(++asked) });
    const requests = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 1_000 })], clock });
    await requests.run(() => undefined);
    const listeners = new Set<unknown>();
    const updates: TaskUpdates = {
      on(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const { recording } = begin({ clock, api, prompts: ['a'], concurrent: 'auto', requests, updates });
    await promises();
    expect(listeners.size).toBe(1);
    recording.subscription.unsubscribe();
    await clock.settle();
    expect([asked, listeners.size, clock.pending]).toEqual([0, 0, 0]);
  });

  it('is not waited for where its answer is on its way', async () => {
    const clock = new VirtualClock();
    const signals: (AbortSignal | undefined)[] = [];
    const concurrency = ({ signal }: CallOptions = {}): Promise<number> => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const api = Object.assign(new FakeServer({ clock }), { concurrency });
    const { recording } = begin({ clock, api, prompts: ['a'], concurrent: 'auto' });
    await promises();
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    recording.subscription.unsubscribe();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});

describe('the source of a stream with a journal', () => {
  it('is subscribed to once that is open, and not at all where another has it', async () => {
    const machine = new Machine();
    const sources = [new Subject<string>(), new Subject<string>()];
    const observed = (): readonly boolean[] => sources.map((source) => source.observed);
    for (const source of sources) {
      begin({ prompts: () => source, clock: machine.clock, api: machine.server, journal: machine.journal() });
    }
    expect(observed()).toEqual([false, false]);
    await machine.clock.settle();
    expect(observed()).toEqual([true, false]);
    sources[0]?.next('a');
    await machine.clock.settle();
    expect(machine.server.sentAs('submit')).toBe('a1');
  });
});
