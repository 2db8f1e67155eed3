import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../operators/generate.js';
import type { GenerateResult } from '../../operators/generating/generateEvents.js';
import { scaledClock, systemClock } from '../../src/clock.js';
import { createKlingClient } from '../../src/kling/client.js';
import { tiers, type Tier } from '../../src/kling/tiers.js';
import type { Books } from '../../src/simulator/books.js';
import type { Faults } from '../../src/simulator/faults.js';
import { startSimulator, type SimulatorOptions } from '../../src/simulator/server.js';

/** How many times as fast as life Kling and the pipeline run: tasks of 24 to 83 s take less than one. */
const speed = 120;

interface Account {
  readonly name: string;
  readonly tier: Tier;
  readonly simulator: SimulatorOptions;
  readonly prompts: number;
}
const accounts: readonly Account[] = [
  // Six videos are what 66 credits a day can pay.
  { name: 'free', tier: tiers.free, simulator: { tier: 'free' }, prompts: 6 },
  { name: 'standard', tier: tiers.standard, simulator: { tier: 'standard' }, prompts: 12 },
  { name: 'pro', tier: tiers.pro, simulator: { tier: 'pro' }, prompts: 20 },
  {
    name: 'enterprise',
    tier: tiers.enterprise({ concurrent: 10, requestsPerMinute: 120 }),
    simulator: { tier: 'enterprise', requests: 120 },
    prompts: 40,
  },
];

const ofTheServer: Faults = {
  resetBefore: 0.05,
  resetAfter: 0.1,
  errorBefore: 0.1,
  errorAfter: 0.1,
  garbled: 0.05,
  pollError: 0.1,
  failing: 0.1,
  latencyMs: { min: 20, max: 400 },
};
const ofOthers: Faults = { noSlot: 0.2, tooFast: 0.03, plain429: 0.03 };

/** Runs prompts through the pipeline, over HTTP, against a Kling of that account. */
async function run({ tier, simulator, prompts }: Account, faults: Faults, api: 'v1' | 'new' = 'v1') {
  const kling = await startSimulator({ ...simulator, faults, speed, taskMs: { min: 24_000, max: 83_000 } });
  const client = createKlingClient({ apiKey: 'sim-key', baseUrl: kling.url, api });
  try {
    const source = from(Array.from({ length: prompts }, (_, index) => `A lighthouse, take ${index}`));
    const results = await lastValueFrom(
      source.pipe(generate(client, { tier, clock: scaledClock(systemClock, speed) }), toArray()),
    );
    return { results, books: kling.books() };
  } finally {
    await client.close();
    await kling.stop();
  }
}

/** What must hold whatever went wrong. */
function expectAllAccountedFor(
  { prompts, tier }: Account,
  results: readonly GenerateResult<string>[],
  books: Books,
): void {
  expect(results.map(({ index }) => index).sort((a, b) => a - b)).toEqual(Array.from({ length: prompts }, (_, i) => i));
  expect(new Set(books.tasks.map(({ prompt }) => prompt)).size).toBe(books.created);
  expect(books.duplicatesRefused).toBe(0);
  const ended = results.flatMap(({ taskId, id, prompt, status }) =>
    taskId === undefined ? [] : { taskId, id, prompt, status },
  );
  const billed = books.tasks.map(({ taskId, externalId, prompt, status }) => {
    return { taskId, id: externalId, prompt, status: status === 'succeed' ? 'succeeded' : status };
  });
  const byTask = (one: { readonly taskId: string }, other: { readonly taskId: string }): number =>
    one.taskId.localeCompare(other.taskId);
  expect(ended.toSorted(byTask)).toEqual(billed.toSorted(byTask));
  expect(books.running).toBe(0);
  expect(books.greatestRunning).toBeLessThanOrEqual(tier.concurrent);
}

describe.concurrent('the whole pipeline, over HTTP', () => {
  it.each(accounts)('makes every prompt a video without one refusal: $name', async (account) => {
    const { results, books } = await run(account, {});
    expectAllAccountedFor(account, results, books);
    expect(results.map(({ status, attempts }) => [status, attempts])).toEqual(results.map(() => ['succeeded', 1]));
    expect(books.refused).toEqual({});
    expect(books.greatestArrivals).toBeLessThanOrEqual(account.tier.requests.limit);
    expect(books.credits.spent).toBeLessThanOrEqual(account.tier.dailyCredits ?? Infinity);
  });

  it.each(accounts)(
    'loses nothing, pays nothing twice and keeps every limit while the server fails: $name',
    async (account) => {
      const { results, books } = await run(account, ofTheServer);
      expectAllAccountedFor(account, results, books);
      expect([books.refused[1302], books.refused[1303]]).toEqual([undefined, undefined]);
      expect(books.greatestArrivals).toBeLessThanOrEqual(account.tier.requests.limit);
    },
  );

  it.each(accounts)('does the same with the new API while the server fails: $name', async (account) => {
    const { results, books } = await run(account, ofTheServer, 'new');
    expectAllAccountedFor(account, results, books);
    expect([books.refused[1302], books.refused[1303]]).toEqual([undefined, undefined]);
    expect(books.greatestArrivals).toBeLessThanOrEqual(account.tier.requests.limit);
  });

  it.each(accounts)('loses nothing and pays nothing twice while others use the account: $name', async (account) => {
    const { results, books } = await run(account, ofOthers);
    expectAllAccountedFor(account, results, books);
    expect(results.every(({ status }) => status === 'succeeded')).toBe(true);
  });
});
