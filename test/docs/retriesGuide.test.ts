import { describe, expect, it } from 'vitest';
import { backoffBounds, type Jitter } from '../../src/backoff/backoff.js';
import type { LimiterOptions } from '../../src/limiter/createLimiter.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { outage, type Outage } from './outage.js';
import { rowsOf } from './pageTable.js';

const page = 'docs/guides/retries.md';
const kinds: readonly Jitter[] = ['proportional', 'full', 'equal', 'decorrelated', 'none'];

describe('the figures of the guide to retries', () => {
  it('should be the bounds of each kind', () => {
    const secondsOf = (jitter: Jitter, attempt: number): string => {
      const previousMs = Math.min(60_000, 1_000 * 3 ** attempt);
      const { minMs, maxMs } = backoffBounds({ jitter, attempt, previousMs });
      return minMs === maxMs ? `${minMs / 1_000}` : `${minMs / 1_000} to ${maxMs / 1_000}`;
    };
    const rows = kinds.map((jitter) => [`\`${jitter}\``, ...[0, 1, 2, 3, 4, 6].map((n) => secondsOf(jitter, n))]);
    expect(rowsOf(page, 'seconds before retry')).toEqual(rows);
  });

  const limits = (): LimiterOptions => ({ limits: [slidingWindow({ limit: 20, intervalMs: 1_000 })] });
  const shared = {
    'one limiter': limits(),
    'one limiter, no burst': { ...limits(), coolDown: { burstAfter: 1_000, capMs: 16_000 } },
  };

  async function rowOf(name: string, options: Outage): Promise<readonly string[]> {
    const { whileDown, busiest, refused, served, lastServed } = await outage(options);
    expect(served).toBe(200);
    return [name, ...[whileDown, busiest, refused, lastServed].map(String)];
  }

  it('should be those of a server that comes back', async () => {
    const rows = [
      ...kinds.map((jitter) => rowOf(`\`${jitter}\``, { retry: { jitter } })),
      ...Object.entries(shared).map(([name, limiter]) => rowOf(name, { limiter })),
    ];
    expect(rowsOf(page, 'nobody says when')).toEqual(await Promise.all(rows));
  });

  it('should be those of one that says when', async () => {
    const rows = [
      ...(['proportional', 'full'] as const).map((jitter) =>
        rowOf(`\`${jitter}\``, { retry: { jitter }, hasHint: true }),
      ),
      rowOf('one limiter', { limiter: limits(), hasHint: true }),
    ];
    expect(rowsOf(page, '`Retry-After` says when')).toEqual(await Promise.all(rows));
  });

  it('should be those of a retry budget', async () => {
    const failing = { retry: { maxRetries: 5 }, meaning: 'transient', downForMs: 3_600_000 } as const;
    const without = await outage({ ...failing, limiter: { limits: [] } });
    const within = await outage({ ...failing, limiter: { limits: [], retryBudget: {} } });
    expect(rowsOf(page, '200 requests that fail')).toEqual([
      ['no budget', String(without.whileDown)],
      ['`retryBudget: {}`', String(within.whileDown)],
    ]);
  });
});
