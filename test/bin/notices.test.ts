import { describe, expect, it } from 'vitest';
import { startNotice, unwrittenNotice, type Beginning } from '../../bin/notices.js';
import { against, promptsFile, scratch, simulated, sluice, withKey, zoneEarlyInItsDay } from './sluice.js';

const beginning: Beginning = {
  standing: { prompts: 3_000, known: 0, done: 0, takenOver: 0, toMake: 3_000, strays: 0 },
  slots: { count: 3, source: 'given' },
  figures: { rate: { limit: 30, intervalMs: 60_000 }, dailyCredits: 66 },
  speed: 1,
};

describe('startNotice', () => {
  it.each<[Partial<Beginning>, string]>([
    [{}, '3,000 prompts, 3 at once, 30 requests in 1 min, 66 credits a day'],
    [
      { standing: { prompts: 3_000, known: 1_203, done: 1_200, takenOver: 3, toMake: 1_797, strays: 0 } },
      '3,000 prompts: 1,200 done before, 3 taken over, 1,797 to make; 3 at once, 30 requests in 1 min, 66 credits a day',
    ],
    [
      {
        figures: { rate: 'off', dailyCredits: 'off' },
        slots: { count: 5, source: 'asked' },
        runCredits: 70,
        speed: 60,
      },
      '3,000 prompts, 5 at once (as the account says), 70 credits in all, simulated, 60 times as fast',
    ],
    [
      { figures: { rate: 'off', dailyCredits: 'off' }, slots: { count: 3, source: 'learnt' } },
      '3,000 prompts, 3 at once to begin with (the account does not say)',
    ],
  ])('%j', (changes, notice) => {
    expect(startNotice({ ...beginning, ...changes })).toBe(notice);
  });
});

describe('unwrittenNotice', () => {
  it('says what cannot be written, by its path or in the words of the error', () => {
    const rest = 'nothing new is submitted; what runs is waited for, and results that cannot be written follow here';
    expect(unwrittenNotice('a/results.jsonl', new Error('ENOSPC'))).toBe(
      `a/results.jsonl cannot be written (ENOSPC): ${rest}`,
    );
    expect(unwrittenNotice(undefined, new Error('the journal is full'))).toBe(`the journal is full; ${rest}`);
  });
});

describe('the notice of the credits of a day', () => {
  it('counts all that earlier runs have spent of it, where that is more than it has by now', async () => {
    const simulator = await simulated({ tasks: 3, speed: 300 });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b', 'c', 'd'), '--out', out, ...against(simulator)];
    await sluice(args, { env: withKey });
    const daily = ['--daily-credits', '25', '--time-zone', zoneEarlyInItsDay()];
    const { code, stderr } = await sluice([...args, ...daily], { env: withKey });
    expect(code).toBe(0);
    expect(stderr).toContain('40 of 25 credits of the day are used');
  });
});
