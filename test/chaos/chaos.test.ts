import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/simulator/faults.js';
import { between, seededRandom, type Random } from '../../src/simulator/seededRandom.js';
import type { Simulator } from '../../src/simulator/server.js';
import { against, resultsIn, scratch, simulated, SluiceRun, withKey, type ResultLine } from '../bin/sluice.js';
import { runs } from '../runs.js';
import { wait } from '../wait.js';

/** Everything that the simulator can do wrong but for silence, which costs a time-out each time. */
const faults: Faults = {
  resetBefore: 0.04,
  resetAfter: 0.08,
  errorBefore: 0.04,
  errorAfter: 0.08,
  garbled: 0.04,
  noSlot: 0.04,
  tooFast: 0.01,
  plain429: 0.01,
  pollError: 0.04,
  strange: 0.02,
  failing: 0.1,
  latencyMs: { min: 20, max: 4_000 },
};
const concurrent = 3;

/** With each API; `SLUICE_RUNS=10` kills ten times as often. */
const kills = runs(6).numRuns;

/** A run on one directory, whichever process it is in. */
class Work {
  readonly directory = scratch();
  readonly simulator: Simulator;
  readonly #args: readonly string[];

  constructor(simulator: Simulator, prompts: readonly string[], ...more: readonly string[]) {
    this.simulator = simulator;
    const file = join(this.directory, 'prompts.txt');
    writeFileSync(file, `${prompts.join('\n')}\n`);
    const flags = against(simulator, '--concurrent', String(concurrent), '--poll-interval', '100ms', ...more);
    this.#args = ['generate', file, '--out', join(this.directory, 'out'), ...flags];
  }

  start(): SluiceRun {
    return new SluiceRun(this.#args, { env: withKey });
  }

  /** Starts it, and kills it after a while; true: it had come to its end before. */
  async killed(afterMs: number): Promise<boolean> {
    const run = this.start();
    const isEarly = await Promise.race([run.ended.then(() => true), wait(afterMs).then(() => false)]);
    run.child.kill('SIGKILL');
    await run.ended;
    return isEarly;
  }

  /** Runs it until nothing is left to do: what was not final is gone on with by the next run. */
  async toItsEnd(prompts: number): Promise<void> {
    for (let round = 0; this.results().length < prompts; round++) {
      if (round === 20) throw new Error(`no end: ${this.results().length} of ${prompts} results`);
      const { code, stderr } = await this.start().ended;
      if (code !== 0 && code !== 1) throw new Error(stderr);
    }
  }

  results(): readonly ResultLine[] {
    const directory = join(this.directory, 'out');
    return existsSync(join(directory, 'results.jsonl')) ? resultsIn(directory) : [];
  }
}

/** Each prompt has one task that was paid for, and one line that tells what became of it. */
function expectOnce(work: Work, prompts: readonly string[]): void {
  const books = work.simulator.books();
  const results = work.results();
  expect(results.map(({ prompt }) => prompt).toSorted()).toEqual(prompts.toSorted());
  expect(books.tasks.map(({ prompt }) => prompt).toSorted()).toEqual(prompts.toSorted());
  const told = new Map(results.map(({ taskId, status }) => [taskId, status]));
  for (const { taskId, status } of books.tasks) {
    expect(told.get(taskId)).toBe(status === 'succeed' ? 'succeeded' : status);
  }
  expect(books.greatestRunning).toBeLessThanOrEqual(concurrent);
}

describe('sluice generate, killed again and again', () => {
  it.each(['v1', 'new'])(
    `makes every prompt once, and tells of each once (${kills} kills): %s`,
    { timeout: 3_600_000 },
    async (api) => {
      const random: Random = seededRandom(Number(process.env['SLUICE_SEED'] ?? 1));
      const simulator = await simulated({ tasks: concurrent, speed: 60, faults, seed: 7 });
      const prompts = Array.from({ length: Math.max(12, kills) }, (_, index) => `prompt ${index}`);
      const work = new Work(simulator, prompts, '--api', api);
      for (let kill = 0; kill < kills; kill++) {
        const isOver = await work.killed(between(150, 2_500, random));
        if (isOver && work.results().length === prompts.length) break;
      }
      await work.toItsEnd(prompts.length);
      expectOnce(work, prompts);
    },
  );

  it('makes what is appended to the file meanwhile, and nothing anew', async () => {
    const simulator = await simulated({ tasks: concurrent, speed: 300 });
    const prompts = Array.from({ length: 6 }, (_, index) => `prompt ${index}`);
    const work = new Work(simulator, prompts);
    await work.killed(700);
    appendFileSync(join(work.directory, 'prompts.txt'), 'one more\nprompt 0\n');
    const all = [...prompts, 'one more', 'prompt 0'];
    await work.toItsEnd(all.length);
    expectOnce(work, all);
  });

  it('leaves a journal that people can read', async () => {
    const simulator = await simulated({ tasks: concurrent, speed: 300 });
    const work = new Work(simulator, ['a cat']);
    await work.toItsEnd(1);
    const journal = readFileSync(join(work.directory, 'out', 'journal.log'), 'utf8');
    expect(journal.split('\n').filter((line) => line.includes('"a cat"'))).toHaveLength(1);
    expect(journal).not.toContain('sim-key');
  });
});
