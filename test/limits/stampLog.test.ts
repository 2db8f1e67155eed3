import { describe, expect, it } from 'vitest';
import { SlotHolders } from '../../src/limits/slotHolders.js';
import { StampLog } from '../../src/limits/stampLog.js';

describe('StampLog', () => {
  it('takes nothing out where it holds nothing', () => {
    const log = new StampLog();
    log.remove(0, 1);
    expect([log.total, log.isEmpty, log.oldestMs, log.newestMs]).toEqual([0, true, NaN, NaN]);
  });

  it('finds no stamp for more than it holds, also where its ring was full', () => {
    const log = new StampLog();
    for (let stampMs = 1; stampMs <= 16; stampMs++) log.push(stampMs, 1);
    expect([log.stampOf(16), log.stampOf(17)]).toEqual([16, NaN]);
    log.dropOldest();
    expect([log.stampOf(15), log.stampOf(16)]).toEqual([16, NaN]);
  });

  it('holds exactly nothing once fractions have left, whichever way', () => {
    const log = new StampLog();
    for (const [stampMs, units] of [0.2, 0.4, 0.3].entries()) log.push(stampMs, units);
    for (const [stampMs, units] of [0.2, 0.4, 0.3].entries()) log.remove(stampMs, units);
    expect([log.total, log.isEmpty]).toEqual([0, true]);
  });

  it('has copies that share no stamp with it', () => {
    const log = new StampLog();
    log.push(1, 1);
    const copy = log.copy();
    log.push(1, 1);
    log.push(2, 1);
    copy.push(5, 4);
    expect([log.stampOf(2), log.stampOf(3), log.newestMs]).toEqual([1, 2, 2]);
    expect([copy.stampOf(1), copy.stampOf(2), copy.newestMs]).toEqual([1, 5, 5]);
  });
});

describe('SlotHolders', () => {
  it('has nobody wait of whom it does not know', () => {
    const holders = new SlotHolders();
    expect(holders.refused(1, 0)).toBe(false);
    expect(holders.granted(1, 0)).toBe(false);
    expect(holders.ended(1, 0)).toBe(false);
    expect(holders.waiting).toBe(0);
  });
});
