import { describe, expect, it } from 'vitest';
import { grantedAhead } from './grantedAhead.js';
import { leaseMs } from './virtualProcesses.js';

const { shared, after, process, work, granted } = grantedAhead();

describe('what was granted ahead by data that are lost', () => {
  it('should be followed by none: what runs may yet be told', async () => {
    const [one, other] = [process(), process()];
    const running = [work(one.limiter), work(one.limiter)];
    await after(0);
    const works = [work(other.limiter), work(other.limiter)];
    await after(10);
    one.client.cut();
    await shared.redis.flush();
    // It asks, and hears that nothing may start until 1210 ms, which is when the lease of the other would be over.
    work(other.limiter).leave();
    await after(1_150);
    work(other.limiter);
    await after(20);
    one.client.mend();
    await after(500);
    expect([...running, ...works].map(({ startedAtMs }) => startedAtMs)).toEqual([0, 0, undefined, undefined]);
  });

  it.each(['another process', 'a newcomer'])('should not start where %s cools down', async (who) => {
    const { one, now, ahead } = await granted();
    await shared.redis.flush();
    const { limiter } = who === 'a newcomer' ? process() : one;
    limiter.coolDown(500, { ramp: false });
    await after(10);
    await now.end();
    await after(leaseMs - 20);
    expect(ahead.startedAtMs).toBeUndefined();
    await after(20);
    expect(ahead.startedAtMs).toBeCloseTo(1_010 + leaseMs, 6);
  });

  it('should not start however late its process is answered', async () => {
    const { one, other, ahead } = await granted();
    other.client.evalsha = () => new Promise(() => undefined);
    await shared.redis.flush();
    one.limiter.coolDown(500, { ramp: false });
    await after(100);
    expect(ahead.startedAtMs).toBeUndefined();
  });

  it('should not start where it was not heard of, as the way to Redis was lost, too', async () => {
    const { one, now, ahead } = await granted();
    shared.redis.drops = true;
    await shared.redis.flush();
    one.limiter.coolDown(500, { ramp: false });
    await after(10);
    shared.redis.reconnect();
    await after(10);
    await now.end();
    await after(500);
    expect(ahead.startedAtMs).toBeUndefined();
  });
});
