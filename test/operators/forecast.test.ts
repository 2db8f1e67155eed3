import { describe, expect, it } from 'vitest';
import { from, lastValueFrom, toArray } from 'rxjs';
import { forecast } from '../../operators/forecast.js';
import { generate } from '../../operators/generate.js';
import { OptionsError } from '../../src/errors.js';
import { createKlingModel } from '../../src/simulator/model.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { createSimulatedClient } from '../../src/simulator/simulatedClient.js';
import { createWire } from '../../src/simulator/wire.js';
import { VirtualClock } from '../../src/virtualClock.js';

const prompts = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `prompt ${index}`);
const minuteMs = 60_000;
const dayMs = 86_400_000;

describe('forecast', () => {
  it('says how long, how many requests and credits, and that slots bind', async () => {
    const plan = await forecast(prompts(30), { tier: 'standard', taskMs: 90_000 });
    expect(plan).toMatchObject({ prompts: 30, made: 30, notMade: [], credits: 300, days: 1, boundBy: 'tasks' });
    // Ten rounds of three, each known of within ten seconds or so of its end.
    expect(plan.tookMs).toBeGreaterThan(10 * 90_000);
    expect(plan.tookMs).toBeLessThan(10 * 105_000);
    expect(plan.requests.submits).toBe(30);
    expect(plan.requests.total).toBe(plan.requests.submits + plan.requests.polls);
  });

  it('says that the rate binds where it does', async () => {
    const plan = await forecast(prompts(60), {
      ...{ concurrent: 50, rate: { limit: 10, intervalMs: minuteMs }, taskMs: 20_000 },
    });
    expect(plan.boundBy).toBe('requests');
    expect(plan.tookMs).toBeGreaterThan(6 * minuteMs);
  });

  it('says how many days the credits take', async () => {
    const plan = await forecast(prompts(15), { tier: 'free' });
    expect(plan).toMatchObject({ made: 15, days: 3, boundBy: 'credits' });
    expect(plan.tookMs).toBeGreaterThan(2 * dayMs);
  });

  it('says what would not be made, and why', async () => {
    const heavy = { product: 'images', prompt: 'a cat', n: 9 };
    const plan = await forecast(['a', heavy, '', 'b', 'c'], { concurrent: 3, rate: 'off', runCredits: 25 });
    expect(plan.made).toBe(2);
    expect(plan.notMade.map(({ meaning, count }) => [meaning, count])).toEqual([
      ['invalid', 2],
      ['exhausted', 1],
    ]);
  });

  it('has nothing to say of nothing', async () => {
    expect(await forecast([])).toMatchObject({ prompts: 0, made: 0, tookMs: 0, boundBy: undefined });
  });

  it.each(['v1', 'new'] as const)('comes within five percent of the run itself: %s', async (api) => {
    const plan = await forecast(prompts(200), { tier: 'pro', api });
    const clock = new VirtualClock();
    const model = createKlingModel({ tier: 'pro' });
    const wire = createWire({ model, clock, random: seededRandom(1) });
    const client = createSimulatedClient({ wire, clock, api });
    let isOver = false;
    const run = lastValueFrom(from(prompts(200)).pipe(generate(client, { tier: 'pro', clock }), toArray()));
    void run.then(() => (isOver = true));
    await clock.settle(Infinity, () => isOver);
    expect(await run).toHaveLength(200);
    expect(plan.tookMs / clock.now()).toBeGreaterThan(0.95);
    expect(plan.tookMs / clock.now()).toBeLessThan(1.05);
    expect(plan.credits).toBe(model.books(clock.now()).credits.spent);
  });

  it.each<[object, RegExp]>([
    [{ taskMs: 0 }, /taskMs/],
    [{ taskMs: { min: 5, max: 1 } }, /taskMs|min/],
    [{ concurrent: 0 }, /concurrent/],
    [{ tasks: 3 }, /tasks/],
  ])('refuses %j', async (options, message) => {
    await expect(forecast(['a'], options)).rejects.toThrow(OptionsError);
    await expect(forecast(['a'], options)).rejects.toThrow(message);
  });
});
