import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { tiers } from '../../src/kling/tiers.js';

describe('tiers', () => {
  it('are those of the source document', () => {
    expect(tiers.free).toEqual({ concurrent: 1, requests: { limit: 10, intervalMs: 60_000 }, dailyCredits: 66 });
    expect(tiers.standard).toEqual({ concurrent: 3, requests: { limit: 30, intervalMs: 60_000 } });
    expect(tiers.pro).toEqual({ concurrent: 5, requests: { limit: 60, intervalMs: 60_000 } });
  });

  it('make an Enterprise tier of the numbers agreed', () => {
    expect(tiers.enterprise({ concurrent: 10, requestsPerMinute: 200 })).toEqual({
      concurrent: 10,
      requests: { limit: 200, intervalMs: 60_000 },
    });
    expect(tiers.enterprise({ concurrent: 25, requestsPerMinute: 1, dailyCredits: 5_000 }).dailyCredits).toBe(5_000);
  });

  it('refuse an Enterprise tier of fewer than 10 tasks', () => {
    const make = () => tiers.enterprise({ concurrent: 9, requestsPerMinute: 200 });
    expect(make).toThrow(OptionsError);
    expect(make).toThrow('concurrent: must be at least 10 tasks');
  });

  it('refuse a rate of nothing', () => {
    expect(() => tiers.enterprise({ concurrent: 10, requestsPerMinute: 0 })).toThrow('requestsPerMinute');
  });

  it('refuse a day without credits, which no run could begin with', () => {
    const make = () => tiers.enterprise({ concurrent: 10, requestsPerMinute: 200, dailyCredits: 0 });
    expect(make).toThrow('dailyCredits: too small: expected number to be >0 (got 0)');
  });
});
