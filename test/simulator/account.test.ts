import { describe, expect, it } from 'vitest';
import { Account } from '../../src/simulator/account.js';
import { beginTask } from '../../src/simulator/life.js';
import { readOrder } from '../../src/simulator/readOrder.js';

describe('the account', () => {
  it('knows by itself what has ended, whichever question comes first', () => {
    const reading = readOrder({ product: 'videos/text2video' }, { prompt: '[fail]' });
    if (!reading.ok) throw new Error(reading.message);
    const beginning = { id: '1', order: reading.order, credits: 10, deduction: 10, failing: false };
    const filled = (): Account => {
      const account = new Account({ tasks: 1, others: [], credits: 10, epochAtMs: 0 });
      account.add(beginTask(beginning, { min: 50, max: 50 }, 0, () => 0.5));
      return account;
    };
    expect([filled().hasRoom(1, 49), filled().canPay(10, 49), filled().spent(49)]).toEqual([false, false, 10]);
    expect([filled().hasRoom(1, 50), filled().canPay(10, 50), filled().spent(50)]).toEqual([true, true, 0]);
  });
});
