import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../until.js';
import { against, resultsIn, scratch, simulated, sluice, SluiceRun, withKey } from './sluice.js';

const prompts = Array.from({ length: 8 }, (_, index) => `prompt ${index}`).join('\n');

const eight = Array.from({ length: 8 }, (_, index) => `prompt ${index}`);

describe('an interrupt', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: leaves at once, and names what runs', async (signal) => {
    const simulator = await simulated({ tasks: 2, speed: 1, taskMs: { min: 600_000, max: 600_000 } });
    const args = ['generate', '-', '--out', scratch(), ...against(simulator, '--concurrent', '2')];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await run.shows(/#2 submitted as/);
    run.child.kill(signal);
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^leaving: nothing new is submitted.*; 2 tasks run on and will be billed:$/m);
    const { tasks } = simulator.books();
    for (const { taskId, externalId } of tasks) expect(stderr).toContain(`task ${taskId}, external id ${externalId}\n`);
    expect(tasks).toHaveLength(2);
    expect(stderr).toContain('run the same command again to go on');
    expect(stderr).not.toContain('made ');
  });

  it('loses nothing: the same command goes on', async () => {
    const simulator = await simulated({ tasks: 2, speed: 100, taskMs: { min: 20_000, max: 20_000 } });
    const out = scratch();
    const args = ['generate', '-', '--out', out, ...against(simulator, '--concurrent', '2')];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await run.shows(/#2 submitted as/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect((await sluice(args, { env: withKey, stdin: prompts })).code).toBe(0);
    expect(simulator.books()).toMatchObject({ created: 8, refused: {} });
    expect(resultsIn(out).map(({ prompt }) => prompt)).toEqual(eight);
  });

  it('of a simulated run: waits for what runs, and says that nobody is billed', async () => {
    const args = ['generate', '-', '--out', scratch(), '--simulate', '--speed', '100', '--concurrent', '2'];
    const run = new SluiceRun(args, { stdin: prompts });
    await run.shows(/#2 submitted as/);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^stopping: .*; \d tasks? runs? in the simulator, which bills nobody:?$/m);
    expect(stderr).not.toContain('will be billed');
  });

  it('while an answer is on its way: the next run looks it up', async () => {
    const simulator = await simulated({ tasks: 3, faults: { hang: { at: [4] } } });
    const out = scratch();
    const args = ['generate', '-', '--out', out, ...against(simulator, '--concurrent', '3')];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await until(() => simulator.books().created === 3);
    run.child.kill('SIGINT');
    expect((await run.ended).stderr).toMatch(/no answer yet, external id sluice-/);
    expect((await sluice(args, { env: withKey, stdin: prompts })).code).toBe(0);
    expect(simulator.books()).toMatchObject({ created: 8, duplicatesRefused: 0 });
    expect(resultsIn(out)).toHaveLength(8);
  });
});

describe('an interrupt with --drain', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s: nothing new is sent, what runs is collected', async (signal) => {
    const simulator = await simulated({ tasks: 2, speed: 20, taskMs: { min: 30_000, max: 40_000 } });
    const out = scratch();
    const args = ['generate', '-', '--out', out, '--drain', ...against(simulator, '--concurrent', '2')];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await run.shows(/#2 submitted as/);
    run.child.kill(signal);
    const atOnce = await run.shows(/stopping: .*tasks? runs? on and will be billed:?\n/);
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    const { tasks, created } = simulator.books();
    expect(created).toBeLessThan(8);
    for (const { taskId, externalId } of tasks.slice(-1)) {
      expect(stderr).toContain(`task ${taskId}, external id ${externalId}\n`);
    }
    expect(resultsIn(out).map(({ taskId, status }) => [taskId, status])).toEqual(
      tasks.map(({ taskId }) => [taskId, 'succeeded']),
    );
    expect(atOnce).not.toContain('made ');
    expect(stderr).toContain(`made       ${created} of 8\nfailed     0\nnot sent   ${8 - created}\n`);
  });

  it('holds for what has a slot and waits for the rate, too', async () => {
    const simulator = await simulated({ tasks: 8, speed: 100, taskMs: { min: 10_000, max: 20_000 } });
    const out = scratch();
    const args = ['generate', '-', '--out', out, '--drain', '--base-url', simulator.url, '--concurrent', '8'];
    const paced = [...args, '--rate', '3/2s', '--poll-interval', '100ms'];
    const run = new SluiceRun(paced, { env: withKey, stdin: prompts });
    await run.shows(/#3 submitted as/);
    run.child.kill('SIGINT');
    await run.shows(/stopping: /);
    expect((await run.ended).code).toBe(130);
    // The others have a slot, too, and would be sent as the rate lets them.
    const { created } = simulator.books();
    expect(created).toBeLessThan(8);
    expect(resultsIn(out)).toHaveLength(created);
  });

  it('a second time: leaves at once, and names every task that is left behind', async () => {
    const simulator = await simulated({ tasks: 3, speed: 1, faults: { hang: { at: [4] } } });
    const out = scratch();
    const args = ['generate', '-', '--out', out, '--drain', ...against(simulator, '--concurrent', '3')];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await run.shows(/#2 submitted as/);
    run.child.kill('SIGINT');
    await run.shows(/stopping: /);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    const leaving = stderr.slice(stderr.indexOf('leaving: '));
    const { tasks } = simulator.books();
    expect(tasks.length).toBeGreaterThanOrEqual(2);
    for (const { externalId } of tasks) expect(leaving).toContain(`external id ${externalId}\n`);
    expect(resultsIn(out)).toEqual([]);
  });

  it('with nothing but JSON on the way, --progress json', async () => {
    const simulator = await simulated({ tasks: 1, speed: 100 });
    const args = [
      'generate',
      '-',
      '--out',
      scratch(),
      '--progress',
      'json',
      ...against(simulator, '--concurrent', '1'),
    ];
    const run = new SluiceRun(args, { env: withKey, stdin: prompts });
    await run.shows(/"submitted"/);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    for (const line of stderr.trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});

describe('sluice simulator', () => {
  it('says where it is, obeys its flags, and ends with 0', async () => {
    const run = new SluiceRun([
      'simulator',
      '--tier',
      'free',
      '--rate',
      '2/min',
      '--retry-after',
      '--faults',
      'failing=#1',
    ]);
    const url = (await run.shows(/\n/, 'stdout')).trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ask = (): Promise<Response> =>
      fetch(`${url}/v1/videos/text2video`, {
        method: 'POST',
        headers: { authorization: 'Bearer sim-key' },
        body: '{"prompt":"a"}',
      });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) {
      const answer = await ask();
      statuses.push([
        answer.status,
        ((await answer.json()) as { code: number }).code,
        answer.headers.get('retry-after'),
      ]);
    }
    expect(statuses).toEqual([
      [200, 0, null],
      [429, 1303, null],
      [429, 1302, expect.stringMatching(/^\d+$/)],
    ]);
    expect(await (await fetch(`${url}/books`)).json()).toMatchObject({ created: 1, faults: { failing: 1 } });
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('serves the command in another process', async () => {
    const run = new SluiceRun(['simulator', '--speed', '1000', '--concurrent', '2', '--rate', 'off']);
    const url = (await run.shows(/\n/, 'stdout')).trim();
    const out = scratch();
    writeFileSync(join(out, 'a.txt'), 'a\nb\nc\n');
    const args = ['generate', join(out, 'a.txt'), '--out', out, '--base-url', url, '--rate', 'off'];
    const client = new SluiceRun([...args, '--concurrent', '2', '--poll-interval', '10ms'], { env: withKey });
    expect((await client.ended).code).toBe(0);
    expect(existsSync(join(out, 'results.jsonl'))).toBe(true);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
  });

  it.each([
    [['--port', '70000'], 'port: '],
    [['--port', 'x'], "argument 'x' is invalid"],
    [['--faults', 'tea=1'], '"tea" is none'],
    [['--speed', '0'], "argument '0' is invalid"],
    [['--rate', '2000000/min'], 'requests: '],
  ])('%j is one clear line and exit 2', async (args, words) => {
    const { code, stderr } = await new SluiceRun(['simulator', ...args]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(stderr).toContain(words);
  });

  it('says that a port is taken', async () => {
    const { port } = await simulated();
    const { code, stderr } = await new SluiceRun(['simulator', '--port', String(port)]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: port: cannot be had \([^\n]*EADDRINUSE[^\n]*\n$/);
  });
});
