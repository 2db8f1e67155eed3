import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { between, seededRandom } from '../../src/simulator/seededRandom.js';
import type { Simulator } from '../../src/simulator/server.js';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, SluiceRun, withKey } from '../bin/sluice.js';
import { until } from '../until.js';
import { wait } from '../wait.js';
import { command, describeOverRedis, flush } from './journalClients.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
});
afterAll(() => redis.stop());

/** A run that processes share: one file of prompts, and a directory for each of them. */
class SharedWork {
  readonly directory = scratch();
  readonly simulator: Simulator;
  readonly prompts: readonly string[];
  readonly #name: string;
  readonly #file: string;

  constructor(simulator: Simulator, name: string, count: number) {
    this.simulator = simulator;
    this.prompts = Array.from({ length: count }, (_, index) => `prompt ${index}`);
    this.#name = name;
    this.#file = promptsFile(this.directory, ...this.prompts);
  }

  args(worker: string, ...more: readonly string[]): readonly string[] {
    const out = this.outOf(worker);
    mkdirSync(out, { recursive: true });
    const shared = [
      '--redis',
      redis.url,
      '--run',
      this.#name,
      '--lease',
      '2s',
      '--concurrent',
      '2',
      '--max-retries',
      '20',
    ];
    const poll = ['--poll-interval', '100ms', '--progress', 'lines'];
    return ['generate', this.#file, '--out', out, ...against(this.simulator), ...shared, ...poll, ...more];
  }

  start(worker: string): SluiceRun {
    return new SluiceRun(this.args(worker), { env: withKey });
  }

  outOf(worker: string): string {
    return join(this.directory, worker);
  }

  /** How many prompts a worker has told of. */
  toldBy(worker: string): number {
    return existsSync(join(this.outOf(worker), 'results.jsonl')) ? resultsIn(this.outOf(worker)).length : 0;
  }

  /** One task that was paid for each prompt, and one line in each of the results. */
  expectOnce(workers: readonly string[]): void {
    const { tasks } = this.simulator.books();
    expect(tasks.map(({ prompt }) => prompt).toSorted()).toEqual(this.prompts.toSorted());
    const taskIds = tasks.map(({ taskId }) => taskId).toSorted();
    for (const worker of workers) {
      const results = resultsIn(this.outOf(worker));
      expect(results.map(({ prompt }) => prompt)).toEqual(this.prompts);
      expect(results.map(({ taskId }) => taskId).toSorted()).toEqual(taskIds);
    }
  }
}

/** Tasks of a quarter of a second or so. */
function kling(): Promise<Simulator> {
  return simulated({
    tasks: 8,
    speed: 100,
    taskMs: { min: 15_000, max: 40_000 },
    faults: { latencyMs: { min: 500, max: 3_000 } },
  });
}

describeOverRedis('processes that share a run', () => {
  it('should pay for each prompt once, with two of four killed and one stopped', async () => {
    const random = seededRandom(Number(process.env['SLUICE_SEED'] ?? 1));
    const work = new SharedWork(await kling(), 'killed', 48);
    const workers = ['a', 'b', 'c', 'd'].map((name) => ({ name, run: work.start(name) }));
    const [first, second, third, fourth] = workers;
    await until(() => work.simulator.books().created >= 6);
    await wait(between(0, 400, random));
    first!.run.child.kill('SIGKILL');
    third!.run.child.kill('SIGSTOP');
    await wait(between(0, 400, random));
    second!.run.child.kill('SIGKILL');
    // Its lease is over before it goes on.
    await wait(2_500);
    third!.run.child.kill('SIGCONT');
    const ended = await Promise.all([third!.run.ended, fourth!.run.ended]);
    expect(ended.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', '']);
    work.expectOnce(['c', 'd']);
    // Those that were killed need only be started again to have all results, too.
    expect((await sluice(work.args('a'), { env: withKey })).code).toBe(0);
    work.expectOnce(['a']);
  });

  it('should wait for a Redis that is killed and comes back, and lose nothing', async () => {
    const work = new SharedWork(await kling(), 'restarted', 30);
    const runs = ['a', 'b'].map((name) => work.start(name));
    await Promise.all(runs.map((run) => run.shows(/submitted as/)));
    await redis.kill();
    await runs[0]?.shows(/Redis is away/);
    await redis.boot();
    const ended = await Promise.all(runs.map((run) => run.ended));
    expect(ended.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', '']);
    expect(ended[0]?.stderr).toContain('Redis is back');
    work.expectOnce(['a', 'b']);
  });

  it('should say that Redis is full, before it begins too, and go on once it is not', async () => {
    const memory = (bytes: string) => command(redis, 'CONFIG', 'SET', 'maxmemory', bytes);
    const work = new SharedWork(await kling(), 'full', 20);
    await memory('1');
    const run = work.start('a');
    await run.shows(/^sluice: Redis is away \(.*OOM .*\): nothing is submitted/m);
    await memory('0');
    await run.shows(/^sluice: Redis is back$[^]*submitted as/m);
    await memory('1');
    await run.shows(/^Redis is away \(.*OOM .*\): nothing is submitted/m);
    await memory('0');
    const { code, stderr } = await run.ended;
    expect(stderr).toMatch(/^Redis is back$/m);
    expect(code).toBe(0);
    work.expectOnce(['a']);
  });

  it('should hand its work over at once where it is interrupted', async () => {
    const work = new SharedWork(await kling(), 'interrupted', 20);
    const [leaver, stayer] = [work.start('a'), work.start('b')];
    await leaver.shows(/submitted as/);
    leaver.child.kill('SIGINT');
    const { code, stderr } = await leaver.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('the other workers take over what runs');
    expect((await stayer.ended).code).toBe(0);
    work.expectOnce(['b']);
  });

  it('should end all with a clear error where Redis was emptied, and refuse to begin anew', async () => {
    const work = new SharedWork(await kling(), 'emptied', 40);
    const runs = ['a', 'b'].map((name) => work.start(name));
    await until(() => work.toldBy('a') > 0 && work.toldBy('b') > 0);
    await flush(redis);
    const ended = await Promise.all(runs.map((run) => run.ended));
    for (const { code, stderr } of ended) {
      expect(code).toBe(1);
      expect(stderr).toContain('the journal "emptied" in Redis has lost what was in it');
    }
    const { tasks } = work.simulator.books();
    expect(new Set(tasks.map(({ prompt }) => prompt)).size).toBe(tasks.length);
    const again = await sluice(work.args('a'), { env: withKey });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('is not in this Redis any more');
    expect(work.simulator.books().tasks).toHaveLength(tasks.length);
  });

  it('should refuse other settings, a directory of another run, and one that cannot be', async () => {
    const work = new SharedWork(await kling(), 'settled', 2);
    expect((await sluice(work.args('a'), { env: withKey })).code).toBe(0);
    const other = await sluice(work.args('b', '--duration', '10'), { env: withKey });
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('begun with other settings (--duration is not given there, "10" here)');
    const alone = work.args('a').filter((it, index, all) => {
      const flags = ['--redis', '--run', '--lease'];
      return !flags.includes(it) && !flags.includes(all[index - 1] ?? '');
    });
    const file = await sluice(alone, { env: withKey });
    expect(file.code).toBe(2);
    expect(file.stderr).toContain('--run "settled" before, no --run now');
    const nowhere = await sluice(work.args('c', '--out', join(work.directory, 'prompts.txt', 'out')), { env: withKey });
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/^sluice: [^\n]*out cannot be written \(ENOTDIR[^\n]*--out[^\n]*\n$/);
    expect(work.simulator.books().tasks).toHaveLength(2);
  });
});

describe('the flags of a shared run', () => {
  it.each([
    [['--redis', 'redis://127.0.0.1:1'], '--redis needs --run'],
    [['--run', 'x'], '--run needs --redis'],
    [['--lease', '5s'], '--lease is for --redis'],
    [['--redis', 'http://127.0.0.1:1', '--run', 'x'], 'must be like redis://host:6379'],
    [['--redis', 'redis://127.0.0.1:1', '--run', 'a b'], 'must be 1 to 100 of A-Z a-z 0-9 _ . -'],
    [['--redis', 'redis://127.0.0.1:1', '--run', 'x', '--lease', '10ms'], 'must be from 1s to 60m'],
    [
      ['--redis', 'redis://:secret@127.0.0.1:1', '--run', 'x'],
      '--redis: 127.0.0.1:1 cannot be used (connect ECONNREFUSED',
    ],
    [
      ['--redis', 'redis://127.0.0.1:1', '--run', 'x', '--simulate'],
      "'--simulate' cannot be used with option '--redis",
    ],
  ])('should refuse %j', async (flags, message) => {
    const directory = scratch();
    writeFileSync(join(directory, 'prompts.txt'), 'a cat\n');
    const { code, stderr } = await sluice(['generate', join(directory, 'prompts.txt'), ...flags], {
      env: withKey,
      cwd: directory,
    });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(2);
    expect(existsSync(join(directory, 'sluice-out'))).toBe(false);
  });
});
