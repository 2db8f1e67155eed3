import { of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import { rateLimit } from '../../operators/rateLimit.js';
import { CostOverCapacityError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';

describe('a limit lowered below what a waiting value costs', () => {
  it('should end the stream with an error, rather than lose the value', async () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 4, name: 'slots' })] });
    const errors: unknown[] = [];
    const held = await limiter.acquire({ cost: 4 });
    const values = of('heavy');
    const note = { error: (error: unknown) => errors.push(error) };
    values.pipe(rateLimit({ limiter, cost: () => 3 })).subscribe(note);
    values.pipe(concurrencyLimit(() => new Subject(), { limiter, cost: () => 3 })).subscribe(note);
    limiter.update({ slots: { limit: 2 } });
    expect(errors).toEqual([expect.any(CostOverCapacityError), expect.any(CostOverCapacityError)]);
    expect(limiter.waiting).toBe(0);
    held.release();
    expect(limiter.active).toBe(0);
  });

  it('should leave those who wait behind such values as they are', async () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 4, name: 'slots' })] });
    const held = await limiter.acquire({ cost: 4 });
    const others = limiter.run(() => 'first');
    of('heavy', 'heavy')
      .pipe(rateLimit({ limiter, cost: () => 3 }))
      .subscribe({ error: () => undefined });
    const last = limiter.run(() => 'last');
    limiter.update({ slots: { limit: 2 } });
    expect(limiter.waiting).toBe(2);
    held.release();
    await expect(Promise.all([others, last])).resolves.toEqual(['first', 'last']);
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });
});
