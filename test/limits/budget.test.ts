import { describe, expect, it } from 'vitest';
import { budget, type BudgetOptions } from '../../src/limits/budget.js';
import { limitContract } from './limitContract.js';

limitContract('budget', () => budget({ limit: 66 }), { comesBack: false });
limitContract('budget that is waited for', () => budget({ limit: 5, whenSpent: 'wait' }), { comesBack: false });

describe('budget', () => {
  it('keeps spent what work cost that has ended, however it ended', () => {
    const limit = budget({ limit: 66 });
    limit.take(60, 0);
    limit.release(60, 0, 5, 'failed');
    expect(limit.usage(5)).toEqual({ used: 60, capacity: 66, resetsAtMs: Infinity });
    expect([limit.earliest(6, 5), limit.earliest(7, 5)]).toEqual([5, Infinity]);
  });

  it('is spent by fractions that make it up, though their sum comes out at more', () => {
    const limit = budget({ limit: 3.3 });
    for (const cost of [1.1, 1.1]) limit.take(cost, 0);
    expect([limit.earliest(1.1, 0), limit.earliest(1.101, 0)]).toEqual([0, Infinity]);
    limit.take(1.1, 0);
    expect([limit.earliest(0, 0), limit.earliest(0.001, 0)]).toEqual([0, Infinity]);
  });

  it('can be raised and lowered, and takes nothing back', () => {
    const limit = budget({ limit: 10 });
    limit.take(8, 0);
    limit.update?.({ limit: 12 });
    expect([limit.capacity, limit.earliest(4, 0), limit.earliest(5, 0)]).toEqual([12, 0, Infinity]);
    limit.update?.({ limit: 5 });
    expect(limit.usage(0)).toMatchObject({ used: 8, capacity: 5 });
    expect([limit.earliest(0, 0), limit.earliest(1, 0)]).toEqual([0, Infinity]);
  });

  it('says what is left where it refuses, and nothing where it is waited for', () => {
    const limit = budget({ limit: 10 });
    limit.take(4, 0);
    expect(limit.left?.()).toBe(6);
    expect(limit.copy?.().left?.()).toBe(6);
    expect(limit.describe?.()).toEqual({ type: 'budget', limit: 10, whenSpent: 'refuse' });
    const patient = budget({ limit: 10, whenSpent: 'wait' });
    expect([patient.left?.(), patient.copy?.().left?.()]).toEqual([undefined, undefined]);
  });

  it('has copies that go their own ways', () => {
    const limit = budget({ limit: 10 });
    limit.take(4, 0);
    const copy = limit.copy?.() ?? limit;
    copy.take(6, 0);
    limit.take(1, 0);
    expect([limit.usage(0).used, copy.usage(0).used, copy.left?.()]).toEqual([5, 10, 0]);
  });

  it.each<[Partial<Record<keyof BudgetOptions, unknown>>, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: Infinity }, 'limit'],
    [{ whenSpent: 'drop' }, 'whenSpent'],
    [{ name: '' }, 'name'],
  ])('refuses %o', (wrong, path) => {
    const options = { limit: 1, ...wrong } as BudgetOptions;
    expect(() => budget(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });

  it('refuses the change of anything else', () => {
    expect(() => budget({ limit: 5 }).update?.({ limit: -1 })).toThrow('limit');
    expect(() => budget({ limit: 5 }).update?.({ whenSpent: 'wait' })).toThrow('whenSpent');
  });
});
