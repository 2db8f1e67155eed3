import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/server.js';
import { until } from '../until.js';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, SluiceRun, withKey } from './sluice.js';

const ten = Array.from({ length: 10 }, (_, index) => `prompt ${index}`);

/** One line for each prompt, in their order, and one task for each at Kling: all of it was paid once. */
function expectOnce(simulator: Simulator, out: string, prompts: readonly string[]): void {
  const { tasks, duplicatesRefused } = simulator.books();
  expect(tasks.map(({ prompt }) => prompt).toSorted()).toEqual(prompts.toSorted());
  expect(new Set(tasks.map(({ externalId }) => externalId)).size).toBe(prompts.length);
  expect(duplicatesRefused).toBe(0);
  const results = resultsIn(out);
  expect(results.map(({ prompt }) => prompt).toSorted()).toEqual(prompts.toSorted());
  expect(results.map(({ taskId }) => taskId).toSorted()).toEqual(tasks.map(({ taskId }) => taskId).toSorted());
}

describe('the same command once more, after kill -9', () => {
  const lines = (out: string): number => {
    try {
      return resultsIn(out).length;
    } catch {
      return 0;
    }
  };

  it.each<[string, (simulator: Simulator, out: string) => boolean]>([
    ['as soon as a request has arrived, its answer on the way', (simulator) => simulator.books().created >= 1],
    ['while several run', (simulator) => simulator.books().created >= 3],
    ['after some have ended', (_, out) => lines(out) >= 2],
    ['near the end', (_, out) => lines(out) >= 8],
  ])('%s', async (_when, isTime) => {
    const simulator = await simulated({
      tasks: 3,
      speed: 300,
      taskMs: { min: 24_000, max: 60_000 },
      faults: { latencyMs: { min: 500, max: 5_000 } },
    });
    const out = scratch();
    const args = ['generate', promptsFile(out, ...ten), '--out', out, ...against(simulator)];
    const run = new SluiceRun(args, { env: withKey });
    await until(() => isTime(simulator, out));
    run.child.kill('SIGKILL');
    await run.ended;
    const before = lines(out);
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(0);
    expectOnce(simulator, out, ten);
    expect(simulator.books().greatestRunning).toBeLessThanOrEqual(3);
    const [, earlier = '0'] = /^made {7}10 of 10(?: \((\d+) by earlier runs\))?$/m.exec(stderr) ?? [];
    expect(Number(earlier)).toBeGreaterThanOrEqual(before);
  });

  it('between the end of a task and its line, and in the midst of that line', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, ...ten), '--out', out, ...against(simulator)];
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    const path = join(out, 'results.jsonl');
    const linesIn = (text: string): readonly string[] => text.split('\n').toSorted();
    const whole = readFileSync(path, 'utf8');
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (const length of [lastLine, whole.length - 1]) {
      truncateSync(path, length);
      const { code, stderr } = await sluice(args, { env: withKey });
      expect(code).toBe(0);
      expect(stderr).toContain('10 prompts: 10 done before, 0 taken over, 0 to make; 3 at once\n');
      expect(stderr).toContain('made       10 of 10 (10 by earlier runs)\n');
      expectOnce(simulator, out, ten);
      expect(linesIn(readFileSync(path, 'utf8'))).toEqual(linesIn(whole));
    }
    // Not even where the prompt of that line is not in the file any more.
    truncateSync(path, 0);
    promptsFile(out, 'prompt 3');
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    expect(linesIn(readFileSync(path, 'utf8'))).toEqual(linesIn(whole));
  });
});

describe('a file that has changed', () => {
  it('makes the lines that are new, wherever they stand, and equal ones by their number', async () => {
    const simulator = await simulated();
    const out = scratch();
    const run = (...lines: readonly string[]) =>
      sluice(['generate', promptsFile(out, ...lines), '--out', out, ...against(simulator)], { env: withKey });
    expect((await run('a', 'b', 'a')).code).toBe(0);
    const { stderr } = await run('new', 'b', 'a', 'a', 'a');
    expect(stderr).toContain('5 prompts: 3 done before, 0 taken over, 2 to make; ');
    expectOnce(simulator, out, ['a', 'a', 'a', 'b', 'new']);
    expect((await run('a', 'a')).stderr).toContain('made       2 of 2 (2 by earlier runs)\n');
    expect((await run('elsewhere')).stderr).toContain(
      '1 prompt: 0 done before, 0 taken over, 1 to make, none of the 5 of earlier runs is in the file; ',
    );
    expectOnce(simulator, out, ['a', 'a', 'a', 'b', 'new', 'elsewhere']);
  });

  it('collects what runs though its line is gone', async () => {
    const simulator = await simulated({ speed: 100, taskMs: { min: 40_000, max: 40_000 } });
    const out = scratch();
    const argsFor = (...lines: readonly string[]) => [
      ...['generate', promptsFile(out, ...lines), '--out', out],
      ...against(simulator),
    ];
    const run = new SluiceRun(argsFor('a', 'b'), { env: withKey });
    await run.shows(/#2 submitted as/);
    run.child.kill('SIGKILL');
    await run.ended;
    const { code, stderr } = await sluice(argsFor('b', 'c'), { env: withKey });
    expect(code).toBe(0);
    expect(stderr).toContain(
      '2 prompts: 0 done before, 1 taken over, 1 to make, and 1 that run and are not in the file any more; ',
    );
    // The kill may have come before its acceptance was on disk.
    expect(stderr).toMatch(/^#3 (taken over from an earlier run as \d+|may have been sent by an earlier run: .*): a$/m);
    expect(stderr).toContain('made       3 of 3\n');
    expectOnce(simulator, out, ['a', 'b', 'c']);
  });

  it('knows a request by its id, and takes that for no other one', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = join(out, 'shots.jsonl');
    const args = ['generate', file, '--out', out, ...against(simulator)];
    writeFileSync(file, '{"prompt":"a","id":"x"}\n{"prompt":"a","id":"y"}\n');
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    writeFileSync(file, '{"prompt":"a","id":"z"}\n{"id":"y","prompt":"a"}\n{"id":"x","prompt":"a"}\n');
    expect((await sluice(args, { env: withKey })).stderr).toContain(
      '3 prompts: 2 done before, 0 taken over, 1 to make; ',
    );
    expect(
      resultsIn(out)
        .map(({ id }) => id[0])
        .toSorted(),
    ).toEqual(['x', 'y', 'z']);
    writeFileSync(file, '{"prompt":"b","id":"x"}\n{"prompt":"c"}\n');
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: id "x": stood for another prompt in an earlier run: [^\n]*nothing was submitted\n$/,
    );
    expect(simulator.books().created).toBe(3);
  });
});

describe('a directory', () => {
  it('that another process uses is left as it is', async () => {
    const simulator = await simulated({ speed: 1 });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)];
    const run = new SluiceRun(args, { env: withKey });
    await run.shows(/#1 submitted as/);
    await until(() => readFileSync(join(out, 'journal.log'), 'utf8').includes('"accepted"'));
    const contents = (): unknown => readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]);
    const before = contents();
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: [^\n]*in use by process \d+ [^\n]*, or choose another --out for other prompts [^\n]*paid for again\); nothing was submitted\n$/,
    );
    expect(stderr).toContain(`in use by process ${run.child.pid} `);
    expect(contents()).toEqual(before);
    expect(simulator.books().created).toBe(1);
  });

  it('of a simulated run is that of one process, too, for as long as it lives', async () => {
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, '--simulate', '--speed'];
    const run = new SluiceRun([...args, '1']);
    await run.shows(/#1 submitted as/);
    const { code, stderr } = await sluice([...args, '300']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]*in use by process \d+ [^\n]*choose another --out; nothing was submitted\n$/);
    run.child.kill('SIGKILL');
    await run.ended;
    expect((await sluice([...args, '300'])).code).toBe(0);
    expect(readdirSync(out).toSorted()).toEqual(['prompts.txt', 'results.jsonl']);
  });

  it('that began with other flags, of which all would be paid for again, is refused', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)];
    const begun = [...args, '--mode', 'pro', '--negative-prompt', 'text'];
    expect((await sluice(begun, { env: withKey })).code).toBe(0);
    const { code, stderr } = await sluice([...args, '--mode', 'std', '--duration', '10'], { env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]*: give the same flags, or choose another --out; nothing was submitted\n$/);
    expect(stderr).toContain('--mode "pro" before, --mode "std" now; ');
    expect(stderr).toContain('--negative-prompt "text" before, no --negative-prompt now; ');
    expect(stderr).toContain('no --duration before, --duration "10" now');
    expect((await sluice(begun, { env: withKey })).code).toBe(0);
    expect(simulator.books().created).toBe(1);
  });

  it('of a run against a server is none for a simulated run', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = promptsFile(out, 'a');
    expect((await sluice(['generate', file, '--out', out, ...against(simulator)], { env: withKey })).code).toBe(0);
    const before = readFileSync(join(out, 'results.jsonl'), 'utf8');
    const { code, stderr } = await sluice(['generate', file, '--out', out, '--simulate', '--speed', '600']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]* is that of a run that is not simulated: choose another --out[^\n]*\n$/);
    expect(readFileSync(join(out, 'results.jsonl'), 'utf8')).toBe(before);
  });

  it('that has results, and no journal any more, is refused', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)];
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    rmSync(join(out, 'journal.log'));
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]*results\.jsonl holds results already: [^\n]*; nothing was submitted\n$/);
    expect(simulator.books().created).toBe(1);
  });

  it('in which nothing was sent yet takes any flags', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = promptsFile(out, 'a');
    const args = ['generate', file, '--out', out, '--base-url', simulator.url];
    expect((await sluice([...args, '--mode', 'pro'], { env: { KLING_API_KEY: 'wrong' } })).code).toBe(2);
    expect((await sluice([...args, '--rate', 'off', '--poll-interval', '10ms'], { env: withKey })).code).toBe(0);
  });
});

describe('what is not over', () => {
  it('has no line, and is collected by the next run', async () => {
    const simulator = await simulated({ speed: 100, taskMs: { min: 60_000, max: 60_000 } });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b', 'c'), '--out', out, ...against(simulator)];
    const first = await sluice([...args, '--deadline', '100ms'], { env: withKey });
    expect(first.code).toBe(1);
    expect(resultsIn(out)).toEqual([]);
    expect(first.stderr.match(/^#\d not finished after .* \(overdue\): /gm)).toHaveLength(3);
    expect(first.stderr).toMatch(/^made {7}0 of 3\nfailed {5}0\nunfinished 3\n {11}3 overdue: /m);
    expect(first.stderr).toMatch(/^to go on {3}run the same command again$/m);
    const second = await sluice(args, { env: withKey });
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('3 prompts: 0 done before, 3 taken over, 0 to make; ');
    expectOnce(simulator, out, ['a', 'b', 'c']);
  });

  it('for want of credits is made once there are more', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b', 'c'), '--out', out, ...against(simulator)];
    const first = await sluice([...args, '--run-credits', '20'], { env: withKey });
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/^made {7}2 of 3\nfailed {5}0\nunfinished 1\n {11}1 exhausted: .*"--run-credits"/m);
    const second = await sluice([...args, '--run-credits', '30'], { env: withKey });
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('credits    10, 30 with earlier runs\n');
    expectOnce(simulator, out, ['a', 'b', 'c']);
  });
});

describe('what has failed', () => {
  it('is told again, and made again only with --retry-failed: under a new id, in a line of its own', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b [fail]'), '--out', out, ...against(simulator)];
    for (const earlier of ['', ' (1 by earlier runs)']) {
      const { code, stderr } = await sluice(args, { env: withKey });
      expect(code).toBe(1);
      expect(stderr).toContain(`made       1 of 2${earlier}\nfailed     1\n           1 failed: The task failed\n`);
      expect(stderr).toMatch(/^to retry {3}run the same command with --retry-failed: /m);
      expect(resultsIn(out)).toHaveLength(2);
    }
    const { code, stderr } = await sluice([...args, '--retry-failed'], { env: withKey });
    expect(code).toBe(1);
    expect(stderr).toContain('2 prompts: 1 done before, 0 taken over, 1 to make; ');
    expect(stderr).toContain('made       1 of 2 (1 by earlier runs)\nfailed     1\n');
    const results = resultsIn(out);
    expect(results.map(({ prompt }) => prompt)).toEqual(['a', 'b [fail]', 'b [fail]']);
    expect(new Set(results.map(({ id }) => id)).size).toBe(3);
    expect(simulator.books().created).toBe(3);
  });
});
