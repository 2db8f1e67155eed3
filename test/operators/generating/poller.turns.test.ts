import { describe, expect, it } from 'vitest';
import { CostOverCapacityError } from '../../../src/errors.js';
import { createLimiter } from '../../../src/limiter/createLimiter.js';
import { budget } from '../../../src/limits/budget.js';
import { concurrency } from '../../../src/limits/concurrency.js';
import { slidingWindow } from '../../../src/limits/slidingWindow.js';
import { VirtualClock } from '../virtualClock.js';
import { over, Polling, running } from './polling.js';

/** Polls behind a limiter of one request at a time, which somebody else can hold. */
function behindOthers(options: { readonly overflow?: 'drop-oldest' | 'drop-newest' } = {}) {
  const clock = new VirtualClock();
  const { overflow } = options;
  const requests = createLimiter({
    limits: [concurrency({ limit: 1 })],
    clock,
    ...(overflow && { queue: { maxSize: 1, overflow } }),
  });
  const hold = (forMs: number) =>
    requests.run(() => new Promise<void>((resolve) => clock.schedule(forMs, resolve))).catch(() => undefined);
  return { clock, requests, hold };
}

describe('a poll that waits for its turn', () => {
  it('lets others go first, though they come later', async () => {
    const { clock, requests, hold } = behindOthers();
    const polling = new Polling({ clock, requests });
    polling.follow('a');
    void hold(150);
    await clock.settle(120);
    void hold(50);
    await clock.settle(130);
    expect(polling.log).toEqual(['200 a']);
  });

  it('takes along whoever has become due meanwhile', async () => {
    const { clock, requests, hold } = behindOthers();
    const polling = new Polling({ clock, requests });
    polling.follow('a');
    polling.follow('b', 50);
    void hold(160);
    await clock.settle(200);
    expect(polling.log).toEqual(['160 ab']);
  });

  it('gives its place up as the last has left whom it could ask for, and leaves no timer', async () => {
    const { clock, requests, hold } = behindOthers();
    const polling = new Polling({ clock, requests });
    void hold(200);
    const { pending } = clock;
    const { subscription } = polling.follow('a');
    await clock.settle(50);
    polling.tell(over('a'), false);
    expect(requests.waiting).toBe(1);
    subscription.unsubscribe();
    expect([requests.waiting, clock.pending]).toEqual([0, pending]);
    await clock.settle(200);
    expect(polling.log).toEqual([]);
  });

  it('gives its permit back where nobody is due any more as it gets it', async () => {
    const clock = new VirtualClock();
    const requests = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 130 })], clock });
    const polling = new Polling({ clock, requests });
    const { subscription } = polling.follow('a');
    await requests.run(() => undefined);
    await clock.settle(50);
    polling.follow('b');
    await clock.settle(60);
    expect(requests.waiting).toBe(1);
    subscription.unsubscribe();
    await clock.settle(60);
    // The permit of 130 ms would have been the only one until 260 ms.
    expect(polling.log).toEqual(['150 b']);
    expect(requests.active).toBe(0);
  });

  it('is for one who has just come as for anybody, though that one was to be asked for alone before', async () => {
    const { clock, requests, hold } = behindOthers();
    const about = (id: string, { ids }: { readonly ids: string }) => (ids.length > 1 ? 'unseen' : running(id));
    const polling = new Polling({ clock, requests, about, latencyMs: 20 });
    const leaving = ['a', 'b'].map((id) => polling.follow(id));
    await clock.settle(110);
    void hold(30);
    await clock.settle(20);
    for (const { subscription } of leaving) subscription.unsubscribe();
    polling.follow('a');
    await clock.settle(150);
    expect(polling.log).toEqual(['100 ab', '230 a']);
  });

  it('is put off by an interval where there is no room to wait', async () => {
    const { clock, requests, hold } = behindOthers({ overflow: 'drop-newest' });
    const polling = new Polling({ clock, requests });
    polling.follow('a');
    void hold(130);
    void hold(30);
    await clock.settle(250);
    expect(polling.log).toEqual(['200 a']);
  });

  it('is put off by an interval where another takes its place', async () => {
    const { clock, requests, hold } = behindOthers({ overflow: 'drop-oldest' });
    const polling = new Polling({ clock, requests });
    polling.follow('a', 0, 'video');
    polling.follow('b', 10, 'image');
    void hold(130);
    await clock.settle(220);
    expect(polling.log).toEqual(['130 b', '210 a']);
  });

  it('ends with the error of a limiter that will never let it go', () => {
    const clock = new VirtualClock();
    const requests = createLimiter({ limits: [budget({ limit: 0.5 })], clock });
    const polling = new Polling({ clock, requests });
    const followed = polling.follow('a', -1_000);
    expect(followed.end).toBe('#');
    expect(followed.error).toBeInstanceOf(CostOverCapacityError);
  });

  it('goes as soon as the first after a cool-down has been answered', async () => {
    const clock = new VirtualClock();
    const requests = createLimiter({ limits: [], clock, coolDown: { rampStepMs: 10_000 } });
    const polling = new Polling({ clock, requests, latencyMs: 20 });
    requests.coolDown(200);
    polling.follow('a', 0, 'video');
    polling.follow('b', 0, 'image');
    await clock.settle(250);
    expect(polling.log).toEqual(['200 a', '220 b']);
  });
});
