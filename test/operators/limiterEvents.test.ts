import { config, from, take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { limiterEvents } from '../../operators/limiterEvents.js';
import { rateLimit } from '../../operators/rateLimit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { record } from './recording.js';
import { VirtualClock } from './virtualClock.js';

describe('limiterEvents', () => {
  it('tells what happens in a limiter, from the subscription on, to everybody who asks', () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ limits: [slidingWindow({ limit: 2, intervalMs: 10 })], clock });
    const [one, other] = [record(limiterEvents(limiter)), record(limiterEvents(limiter))];
    from(['a', 'b', 'c']).pipe(rateLimit({ limiter })).subscribe();
    clock.drain();
    limiter.coolDown(5);
    expect(one.values.map(({ type, atMs }) => [type, atMs])).toEqual([
      ['admitted', 0],
      ['admitted', 0],
      ['warning', 0],
      ['waiting', 0],
      ['admitted', 10],
      ['cooled', 10],
    ]);
    expect(other.values).toEqual(one.values);
    expect(one.end).toBe('');
  });

  it('stops listening as it is unsubscribed from', () => {
    vi.useFakeTimers();
    const toldInVain = vi.fn();
    config.onStoppedNotification = toldInVain;
    const clock = new VirtualClock();
    const limiter = createLimiter({ limits: [slidingWindow({ limit: 2, intervalMs: 10 })], clock });
    const recording = record(limiterEvents(limiter).pipe(take(1)));
    from(['a', 'b']).pipe(rateLimit({ limiter })).subscribe();
    vi.runAllTimers();
    vi.useRealTimers();
    config.onStoppedNotification = null;
    expect(recording).toMatchObject({ values: [{ type: 'admitted' }], end: '|' });
    expect(toldInVain).not.toHaveBeenCalled();
  });
});
