import { describe, expect, it, onTestFinished } from 'vitest';
import { from, lastValueFrom, toArray } from 'rxjs';
import { forecast } from '../../operators/forecast.js';
import { generate } from '../../operators/generate.js';
import { nextTurn } from '../../src/clock.js';
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
      concurrent: 50,
      rate: { limit: 10, intervalMs: minuteMs },
      taskMs: 20_000,
    });
    expect(plan.boundBy).toBe('requests');
    expect(plan.tookMs).toBeGreaterThan(6 * minuteMs);
  });

  it('says how many days the credits take', async () => {
    const plan = await forecast(prompts(15), { tier: 'free' });
    expect(plan).toMatchObject({ made: 15, days: 3, boundBy: 'credits' });
    expect(plan.tookMs).toBeGreaterThan(2 * dayMs);
  });

  it('counts the days by the date at which it would start', async () => {
    const noonMs = Date.UTC(2026, 5, 1, 12);
    const atNoon = await forecast(prompts(8), { tier: 'free', timeZone: 'UTC', startAtMs: noonMs });
    const late = await forecast(prompts(8), { tier: 'free', timeZone: 'UTC', startAtMs: noonMs + 11 * 60 * minuteMs });
    expect([atNoon.days, late.days]).toEqual([2, 2]);
    expect(atNoon.tookMs).toBeGreaterThan(dayMs / 2);
    expect(late.tookMs).toBeLessThan(dayMs / 12);
  });

  it('is bound by no credits where a day of them is enough, or there is no limit of them', async () => {
    const within = await forecast(prompts(2), { tier: 'free' });
    expect(within).toMatchObject({ days: 1, boundBy: 'tasks' });
    const startAtMs = Date.UTC(2026, 5, 1, 23, 59);
    const over = await forecast(prompts(4), { concurrent: 1, dailyCredits: 'off', timeZone: 'UTC', startAtMs });
    expect(over).toMatchObject({ days: 2, boundBy: 'tasks' });
  });

  it('is bound by no limit where it takes as long as its longest task, and more of none would make it quicker', async () => {
    const [few, endless] = await Promise.all(
      [3, 1_000].map((concurrent) => forecast(prompts(3), { concurrent, taskMs: 90_000 })),
    );
    expect(few).toEqual(endless);
    expect(few).toMatchObject({ made: 3, boundBy: undefined });
    expect(await forecast(prompts(4), { concurrent: 3, taskMs: 90_000 })).toMatchObject({ boundBy: 'tasks' });
  });

  it('takes as many slots as the tier has where their number is to be learnt', async () => {
    const [learnt, known] = await Promise.all(
      (['auto', undefined] as const).map((concurrent) =>
        forecast(prompts(12), { tier: 'pro', taskMs: 90_000, ...(concurrent && { concurrent }) }),
      ),
    );
    expect(learnt).toEqual(known);
  });

  it('counts how long answers take, how long tasks do, and what they are thought to cost', async () => {
    const plan = async (options: Parameters<typeof forecast>[1]) => forecast(prompts(3), { concurrent: 1, ...options });
    const quick = await plan({ taskMs: 10_000, answerMs: 0 });
    const slow = await plan({ taskMs: 10_000, answerMs: 8_000 });
    expect(quick.tookMs).toBeGreaterThanOrEqual(30_000);
    expect(slow.tookMs - quick.tookMs).toBeGreaterThanOrEqual(3 * 8_000);
    expect((await plan({ taskMs: 100_000 })).tookMs).toBeGreaterThanOrEqual(300_000);
    // The first is found to have cost 10; whether there is room for a second one is a matter of what that is thought to.
    expect((await plan({ runCredits: 14 })).made).toBe(1);
    expect((await plan({ runCredits: 14, creditsFor: () => 4 })).made).toBe(2);
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

  it('counts a prompt once that is overdue, and made in the end', async () => {
    const plan = await forecast(['a', 'b'], { concurrent: 1, taskMs: 100_000, deadlineMs: 30_000 });
    expect(plan).toMatchObject({ prompts: 2, made: 1, notMade: [{ meaning: 'overdue', count: 1 }] });
  });

  it('rejects with what the prompts throw, and leaves that to nobody else', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    function* failing(): Generator<string> {
      yield 'a';
      throw new Error('of the prompts');
    }
    await expect(forecast(failing())).rejects.toThrow('of the prompts');
    await nextTurn();
    expect(unhandled).toEqual([]);
  });

  it('is bound by nothing where the longest task takes longer than any limit would ask', async () => {
    const taskMs = { min: 60_000, max: 60_000, tailMs: 3_600_000, tailShare: 0.5 };
    const { boundBy, tookMs } = await forecast(prompts(20), { tier: 'pro', concurrent: 20, rate: 'off', taskMs });
    expect(tookMs).toBeGreaterThan(10 * 60_000);
    expect(boundBy).toBeUndefined();
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
    [{ taskMs: { min: 1, max: 5, tailShare: 1.1 } }, /taskMs/],
    [{ taskMs: { min: 1, max: 5, tailShare: -0.1 } }, /taskMs/],
    [{ taskMs: { min: 1, max: 5, tail: 9 } }, /taskMs/],
    [{ concurrent: 0 }, /concurrent/],
    [{ tasks: 3 }, /tasks/],
  ])('refuses %j', async (options, message) => {
    await expect(forecast(['a'], options)).rejects.toThrow(OptionsError);
    await expect(forecast(['a'], options)).rejects.toThrow(message);
  });
});
