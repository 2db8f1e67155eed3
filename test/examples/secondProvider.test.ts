import { from, lastValueFrom, toArray } from 'rxjs';
import {
  createLimiter,
  generate,
  scaledClock,
  slidingWindow,
  systemClock,
  type GenerateOptions,
  type GenerateResult,
} from 'sluice';
import { describe, it } from 'vitest';
import { createAtelierApi } from '../../examples/second-provider/atelierApi.js';
import {
  startAtelier,
  type AtelierBooks,
  type AtelierOptions,
  type Fault,
} from '../../examples/second-provider/simulator/startAtelier.js';

const speed = 40;

interface Painting {
  readonly results: readonly GenerateResult<string>[];
  readonly books: AtelierBooks;
}

/** All prompts through `generate`, over HTTP, to an Atelier Nowhere of the test's own. */
async function paint(
  prompts: readonly string[],
  { requests = { limit: 12, windowMs: 4_000 }, ...atelier }: AtelierOptions = {},
  options: GenerateOptions<string> = {},
): Promise<Painting> {
  const server = await startAtelier({ speed, requests, ...atelier });
  try {
    const clock = scaledClock(systemClock, speed);
    const api = createAtelierApi({ url: server.url, token: 'nowhere-token' });
    const { limit, windowMs: intervalMs } = requests;
    const limiter = createLimiter({ limits: [slidingWindow({ limit, intervalMs })], classify: api.classify, clock });
    const painted = from(prompts).pipe(
      generate(api, { requests: limiter, concurrent: 'auto', pollIntervalMs: 1_000, clock, ...options }),
      toArray(),
    );
    return { results: await lastValueFrom(painted), books: server.books() };
  } finally {
    await server.stop();
  }
}

function pictures(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `picture ${index}`);
}

function creditsOf(results: readonly GenerateResult<string>[]): number {
  return results.reduce((sum, { credits }) => sum + credits, 0);
}

describe.concurrent('a provider of another shape', () => {
  it('should have every prompt painted once and paid for once, whatever becomes of its request', async ({ expect }) => {
    const prompts = pictures(16);
    const submits: readonly Fault[] = ['lost', 'unheard', '500', '409', '429', '503', 'busy', 'doubled'];
    const { results, books } = await paint(prompts, {
      faultOf({ kind, nth }) {
        if (kind === 'submit') return submits[nth - 1];
        return nth === 2 ? 'lost' : nth === 4 ? 'busy' : undefined;
      },
    });
    expect(results.map(({ status }) => status)).toEqual(prompts.map(() => 'succeeded'));
    expect(results.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort());
    expect(books.jobs.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort());
    expect(creditsOf(results)).toBe(books.cost);
    // Only the copy that a proxy made: what may exist was looked up, not sent again.
    expect(books.replayed).toBe(1);
    expect(books.refused).toEqual({});
  });

  it('should keep to the rate and the number of jobs that it announces', async ({ expect }) => {
    const requests = { limit: 6, windowMs: 8_000 };
    const { results, books } = await paint(pictures(10), { requests, jobs: 5, jobMs: () => 6_000 });
    expect(results).toHaveLength(10);
    expect(books.refused).toEqual({});
    expect(books.greatestRunning).toBeLessThanOrEqual(5);
    expect(books.greatestWindow).toBeLessThanOrEqual(6);
  });

  it('should come back no sooner than it was told to', async ({ expect }) => {
    const { books } = await paint(['one'], {
      faultOf: ({ kind, nth }) => (kind === 'submit' ? (['429', '503'] as const)[nth - 1] : undefined),
    });
    const atMs = books.log.filter(({ kind }) => kind === 'submit').map((it) => it.atMs);
    expect(atMs).toHaveLength(3);
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(4_000);
    expect(atMs[2]! - atMs[1]!).toBeGreaterThanOrEqual(4_000);
  });

  it('should let what is refused for good fail alone', async ({ expect }) => {
    const { results, books } = await paint(['one', 'forbidden', 'two', 'spoilt', ' ', 'three']);
    const byPrompt = new Map(results.map(({ prompt, error }) => [prompt, error?.meaning]));
    expect(Object.fromEntries(byPrompt)).toEqual({
      one: undefined,
      two: undefined,
      three: undefined,
      forbidden: 'policy',
      spoilt: 'failed',
      ' ': 'invalid',
    });
    expect(books.jobs).toHaveLength(4);
    expect(creditsOf(results)).toBe(books.cost);
  });

  it('should keep a budget, by what pictures really cost', async ({ expect }) => {
    const prompts = pictures(9);
    const { results, books } = await paint(prompts, {}, { runCredits: 99 });
    // The first four cost 19 + 18 + 17 + 16 and leave room for a fifth at 20; it costs 20, and 9 are left.
    expect(books.cost).toBe(90);
    expect(
      results.filter(({ error }) => error?.meaning === 'exhausted' && error.code === 'SLUICE_BUDGET_SPENT'),
    ).toHaveLength(4);
    expect(books.refused).toEqual({});
  });

  it('should send nothing more once the account is empty, or lets nobody in', async ({ expect }) => {
    const empty = await paint(pictures(6), { jobs: 1, balance: 45 });
    expect(empty.books.jobs).toHaveLength(2);
    expect(empty.results.filter(({ error, isFinal }) => error?.meaning === 'exhausted' && !isFinal)).toHaveLength(4);
    expect(empty.books.refused).toEqual({ 402: 1 });
    const strange = await paint(pictures(6), { token: 'of somebody else', jobs: 1 }, { concurrent: 1 });
    expect(strange.results.filter(({ error }) => error?.meaning === 'account')).toHaveLength(6);
    expect(strange.books.refused).toEqual({ 401: 1 });
  });
});

describe('a provider that does not tell', () => {
  it('should learn how many jobs there can be at once where it is not told', async ({ expect }) => {
    const { results, books } = await paint(pictures(3), {
      jobs: 2,
      jobMs: () => 40_000,
      faultOf: ({ kind }) => (kind === 'limits' ? 'busy' : undefined),
    });
    expect(results.filter(({ status }) => status === 'succeeded')).toHaveLength(3);
    expect(books.refused['503']).toBeGreaterThan(0);
    expect(books.greatestRunning).toBe(2);
  });
});
