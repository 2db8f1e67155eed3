import { describe, expect, it } from 'vitest';
import { forecast, type ForecastRunOptions } from '../../operators/forecast.js';
import { tiers } from '../../src/kling/tiers.js';
import { rowsOf } from './pageTable.js';

const page = 'docs/guides/tiers.md';

async function told(options: ForecastRunOptions<string>, count = 30) {
  const prompts = Array.from({ length: count }, (_, index) => `scene ${index}`);
  const { tookMs, requests, days, boundBy = '', made } = await forecast(prompts, options);
  expect(made).toBe(count);
  return { minutes: (tookMs / 60_000).toFixed(1), requests: String(requests.total), days: String(days), boundBy };
}

/** A minute each: name, minutes, requests, what binds. */
async function rowOf(name: string, options: ForecastRunOptions<string>): Promise<readonly string[]> {
  const { minutes, requests, boundBy } = await told({ taskMs: 60_000, ...options });
  return [name, minutes, requests, boundBy];
}

describe('the figures of the guide to tiers', () => {
  it('should be the tiers', () => {
    const { free, standard, pro } = tiers;
    const cells = [free, standard, pro].map(({ concurrent, requests }) => [concurrent, requests.limit].map(String));
    const rows = rowsOf(page, '`tier`');
    expect(rows.slice(0, 3).map((row) => row.slice(1, 3))).toEqual(cells);
    expect(rows.map((row) => row[3]).slice(0, 3)).toEqual([String(free.dailyCredits), 'no bound', 'no bound']);
  });

  it('should be the time that each takes', async () => {
    const enterprise = tiers.enterprise({ concurrent: 12, requestsPerMinute: 120 });
    expect(rowsOf(page, '30 videos, 60 s each')).toEqual([
      await rowOf("`free`, `dailyCredits: 'off'`", { tier: 'free', dailyCredits: 'off' }),
      await rowOf('`standard`', { tier: 'standard' }),
      await rowOf('`pro`', { tier: 'pro' }),
      await rowOf('`enterprise`, 12 and 120 a minute', { tier: enterprise }),
    ]);
  });

  it('should be the time that a rate takes', async () => {
    const rates = [2, 4].map((limit) =>
      rowOf(`\`rate: { limit: ${limit}, intervalMs: 60_000 }\``, { rate: { limit, intervalMs: 60_000 } }),
    );
    const rows = await Promise.all([...rates, rowOf("`rate: 'off'`", { rate: 'off' })]);
    expect(rowsOf(page, '30 videos, 60 s each, `standard`')).toEqual(rows);
  });

  it('should be the time that the polls take', async () => {
    const rows = [10_000, 5_000, 2_000].map(async (pollIntervalMs) => {
      const { minutes, requests, boundBy } = await told({ tier: 'pro', pollIntervalMs }, 300);
      const name = `\`pollIntervalMs: ${pollIntervalMs / 1_000}_000\``;
      return [pollIntervalMs === 10_000 ? `${name}, the default` : name, minutes, requests, boundBy];
    });
    expect(rowsOf(page, '300 videos of 24 to 83 s, some up to 5 min, `pro`')).toEqual(await Promise.all(rows));
  });

  it('should be the time that headroom takes', async () => {
    const rows = [0, 0.2, 0.5].map(async (headroom) => {
      const { minutes } = await told({ tier: 'pro', taskMs: 5_000, headroom }, 100);
      return [`\`headroom: ${headroom}\``, minutes];
    });
    expect(rowsOf(page, '100 tasks of 5 s, `pro`')).toEqual(await Promise.all(rows));
  });

  it('should be the days that credits take', async () => {
    const { days, boundBy } = await told({ tier: 'free', taskMs: 60_000 });
    expect(rowsOf(page, '30 videos on `free`')).toEqual([['at 66 credits a day', days, boundBy]]);
  });
});
