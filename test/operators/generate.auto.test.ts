import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../operators/generate.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import { createKlingModel } from '../../src/simulator/model.js';
import type { ModelOptions } from '../../src/simulator/modelOptions.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { createSimulatedClient } from '../../src/simulator/simulatedClient.js';
import { createWire } from '../../src/simulator/wire.js';
import { VirtualClock } from '../../src/virtualClock.js';

/** Runs prompts through the real client against the model, in virtual time, and hands back the server's books. */
async function run(count: number, options: GenerateOptions<string>, model: ModelOptions) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const kling = createKlingModel({ requests: 'off', ...model });
  const client = createSimulatedClient({ wire: createWire({ model: kling, clock, random }), clock });
  const prompts = Array.from({ length: count }, (_, index) => `prompt ${index}`);
  let isOver = false;
  const results = lastValueFrom(
    from(prompts).pipe(generate(client, { rate: 'off', ...options, clock, random }), toArray()),
  );
  void results.then(() => (isOver = true));
  await clock.settle(Infinity, () => isOver);
  expect((await results).every(({ status }) => status === 'succeeded')).toBe(true);
  return kling.books(clock.now());
}

describe('generate, with concurrent: auto', () => {
  it('has as many slots as the account itself says', async () => {
    const books = await run(20, { concurrent: 'auto' }, { tasks: 7 });
    expect(books).toMatchObject({ created: 20, greatestRunning: 7, requests: { costs: 1 } });
    expect(books.refused).toEqual({});
  });

  it("begins with the tier's where the account cannot tell, and finds its way from there", async () => {
    const faults = { plain429: { at: [1] } };
    const books = await run(40, { concurrent: 'auto', tier: 'standard' }, { tasks: 6, faults });
    expect(books.greatestRunning).toBe(6);
    expect(books.created).toBe(40);
  });

  it('gives way to others on the account, and comes back when they have left', async () => {
    const others = [{ fromMs: 60_000, untilMs: 400_000, tasks: 3 }];
    const books = await run(60, { concurrent: 'auto' }, { tasks: 5, others });
    expect(books.greatestRunning).toBe(5);
    const stubborn = await run(60, { concurrent: 5 }, { tasks: 5, others });
    expect(books.refused[1303] ?? 0).toBeLessThan(stubborn.refused[1303] ?? 0);
    const late = books.tasks.filter(({ createdAtMs }) => createdAtMs > 450_000);
    const atOnce = late.map(
      ({ createdAtMs }) =>
        books.tasks.filter((it) => it.createdAtMs <= createdAtMs && it.endsAtMs > createdAtMs).length,
    );
    expect(Math.max(...atOnce)).toBe(5);
  });
});
