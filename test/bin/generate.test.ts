import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Summary } from '../../bin/summary.js';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, withKey, zoneEarlyInItsDay } from './sluice.js';

describe('sluice generate', () => {
  it('makes every prompt once, within the limits, and writes what came of it', async () => {
    const simulator = await simulated({ tasks: 3 });
    const out = scratch();
    const file = promptsFile(out, ...Array.from({ length: 10 }, (_, index) => `prompt ${index}`));
    const args = ['generate', file, '--out', out, ...against(simulator, '--duration', '10')];
    const { code, stdout, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);

    const books = simulator.books();
    expect(books).toMatchObject({ created: 10, refused: {} });
    const taskOf = new Map(books.tasks.map(({ prompt, taskId }) => [prompt, taskId]));
    expect(resultsIn(out)).toEqual(
      Array.from({ length: 10 }, (_, index) => ({
        index,
        id: expect.stringMatching(/^sluice-[0-9a-f]{23}$/) as string,
        prompt: `prompt ${index}`,
        status: 'succeeded',
        taskId: taskOf.get(`prompt ${index}`),
        outputs: [
          { type: 'video', url: `${simulator.url}/files/${taskOf.get(`prompt ${index}`)}.mp4`, durationMs: 10_000 },
        ],
        attempts: 1,
        submittedAtMs: expect.any(Number) as number,
        endedAtMs: expect.any(Number) as number,
      })),
    );
    expect(stderr).toContain('made       10 of 10\nfailed     0\n429s met   0\n');
    expect(stderr).toContain(`requests   ${books.requests.total}\ncredits    ${books.credits.spent}\n`);
    expect(stderr).toContain(`results    ${join(out, 'results.jsonl')}\n`);
    expect(stderr.match(/^#\d+ submitted as /gm)).toHaveLength(10);
    expect(stderr.match(/^#\d+ succeeded after /gm)).toHaveLength(10);
  });

  it('ends with 1 where some have failed, and says why', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = promptsFile(out, 'a', 'b [fail]', 'c [forbidden]', 'd [fail]');
    const { code, stderr } = await sluice(['generate', file, '--out', out, ...against(simulator)], { env: withKey });
    expect(code).toBe(1);
    expect(resultsIn(out).map(({ status, error, taskId }) => [status, error?.meaning, taskId !== undefined])).toEqual([
      ['succeeded', undefined, true],
      ['failed', 'failed', true],
      ['failed', 'policy', false],
      ['failed', 'failed', true],
    ]);
    expect(stderr).toContain(
      'made       1 of 4\nfailed     3\n           2 failed: The task failed\n           1 policy: ',
    );
  });

  it('takes requests in the words of Kling, with ids and defaults of their own', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = join(out, 'shots.jsonl');
    writeFileSync(file, '{"prompt":"a","mode":"std","id":"shot-1"}\n{"product":"images","prompt":"b","n":3}\n');
    const args = ['generate', file, '--out', out, ...against(simulator, '--mode', 'pro', '--concurrent', '3')];
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    const [video, images] = resultsIn(out);
    expect(video?.id).toMatch(/^shot-1-[0-9a-f]{23}$/);
    expect(images?.outputs).toHaveLength(3);
    expect(simulator.books().tasks.map(({ externalId, credits }) => [externalId, credits])).toEqual([
      [video?.id, 10],
      [images?.id, 3],
    ]);
  });

  it('reads standard input, either kind', async () => {
    const simulator = await simulated();
    for (const stdin of ['a cat\n', '\n{"prompt":"a cat"}']) {
      const out = scratch();
      const args = ['generate', '-', '--out', out, ...against(simulator)];
      expect((await sluice(args, { env: withKey, stdin })).code).toBe(0);
      expect(resultsIn(out)).toMatchObject([{ prompt: 'a cat', status: 'succeeded' }]);
    }
  });

  it('signs with an access key and a secret key, and shows no secret anywhere', async () => {
    const accessKey = 'access-key-of-some-length';
    const secretKey = 'secret-key-of-some-length';
    const simulator = await simulated({ accessKeys: { [accessKey]: secretKey } });
    const out = scratch();
    const file = promptsFile(out, 'a', 'b [fail]');
    const env = { KLING_ACCESS_KEY: accessKey, KLING_SECRET_KEY: secretKey };
    const args = ['generate', file, '--out', out, '--progress', 'json', ...against(simulator)];
    const { code, stdout, stderr } = await sluice(args, { env });
    expect(code).toBe(1);
    const everything = stdout + stderr + readFileSync(join(out, 'results.jsonl'), 'utf8');
    expect(everything).not.toContain(accessKey);
    expect(everything).not.toContain(secretKey);
    expect(everything).not.toMatch(/Bearer|eyJ/);
  });

  it('--progress json is JSON, line by line, from the first event to the summary', async () => {
    const simulator = await simulated({ faults: { pollError: { at: [2] }, tooFast: { at: [2] } } });
    const out = scratch();
    const file = promptsFile(out, 'a', 'b [fail]');
    const args = ['generate', file, '--out', out, '--progress', 'json', ...against(simulator)];
    const { stderr } = await sluice(args, { env: withKey });
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; index?: number });
    expect(events.filter(({ index }) => index === 1).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['queued', 'submitting', 'submitted', 'ended']) as string[],
    );
    expect(events.at(-1)).toMatchObject({ type: 'summary', total: 2, succeeded: 1, failed: 1, refusals: 1 });
  });

  it('--progress none shows where it begins and how it ended', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, '--progress', 'none', ...against(simulator)];
    const { stderr } = await sluice(args, { env: withKey });
    expect(stderr).not.toContain('#1');
    expect(stderr).toContain('made       1 of 1\n');
  });

  it('takes control characters of a prompt out of what it prints, and leaves them in what it sends and writes', async () => {
    const simulator = await simulated();
    const out = scratch();
    const prompt = 'a\u001b[2J\ncat\u202e';
    const stdin = JSON.stringify({ prompt });
    const { stderr } = await sluice(['generate', '-', '--out', out, ...against(simulator)], { env: withKey, stdin });
    expect(stderr).toContain(': a [2J cat\n');
    expect(stderr).not.toMatch(/[^\P{C}\n]/u);
    expect(simulator.books().tasks[0]?.prompt).toBe(prompt);
    expect(resultsIn(out)[0]?.prompt).toBe(prompt);
  });

  it('keeps a rate from its first request on, the check included', async () => {
    const simulator = await simulated({ requests: 5, intervalMs: 60_000, speed: 200 });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b', 'c', 'd'), '--out', out, '--base-url', simulator.url];
    const paced = [...args, '--rate', '5/300ms', '--poll-interval', '20ms'];
    expect((await sluice(paced, { env: withKey })).code).toBe(0);
    expect(simulator.books()).toMatchObject({ created: 4, greatestWindow: 5 });
    expect(simulator.books().refused).toEqual({});
  });

  it('waits with its check where Kling says that it is too fast, and says so', async () => {
    const simulator = await simulated({ faults: { tooFast: { at: [1] } } });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)];
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^sluice: Kling refused it: [^\n]+; asked again in 1\.\d s, before anything is submitted\n/);
    expect(stderr).toContain('429s met   1\n');
  });

  it.each(['v1', 'new'])('asks again where the answer to its check is a strange one: %s', async (api) => {
    const simulator = await simulated({ faults: { strange: { at: [1, 2] } } });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, '--api', api, ...against(simulator)];
    expect(await sluice(args, { env: withKey })).toMatchObject({ code: 0 });
    expect(simulator.books().faults).toMatchObject({ strange: 2 });
  });

  it('collects what runs though the terminal that watched it is gone', async () => {
    const simulator = await simulated({ speed: 500 });
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b'), '--out', out, ...against(simulator)];
    const shell = 'exec 2> >(head -c 1 >/dev/null); sleep 0;';
    await sluice(args, { env: withKey, shell });
    expect(resultsIn(out)).toHaveLength(2);
  });
});

describe('sluice generate --simulate', () => {
  it('has new credits at the midnight of another zone', async () => {
    const cwd = scratch();
    promptsFile(cwd, ...Array.from({ length: 8 }, (_, index) => `prompt ${index}`));
    const args = ['generate', 'prompts.txt', '--simulate', '--speed', '20000', '--tier', 'free'];
    // Nothing but the day shall matter: at this speed an hour is over in a fifth of a second.
    const zone = zoneEarlyInItsDay();
    const flags = ['--time-zone', zone, '--rate', 'off', '--deadline', '100h'];
    const { code, stderr } = await sluice([...args, ...flags], { cwd });
    expect(stderr).toContain(`waits for midnight, ${zone}\n`);
    expect(stderr).toContain('made       8 of 8\n');
    expect(code).toBe(0);
  });

  it('needs no credentials, meets no 429, and can be run twice in a row', async () => {
    const cwd = scratch();
    promptsFile(cwd, 'a', 'b', 'c', 'd', 'e');
    for (const round of [1, 2]) {
      const args = ['generate', 'prompts.txt', '--simulate', '--speed', '600'];
      const { code, stderr } = await sluice(args, { cwd, env: { KLING_API_KEY: 'never sent' } });
      expect([round, code]).toEqual([round, 0]);
      expect(stderr).toContain('5 prompts, 3 at once, 30 requests in 1 min, simulated, 600 times as fast\n');
      expect(stderr).toContain('429s met   0\n');
      expect(stderr).toMatch(/^time {7}\d+ min( \d+ s)? \([\d.]+ s at speed 600\)$/m);
      expect(stderr).toMatch(/^at least {3}\d+ min( \d+ s)? by the limits alone$/m);
      expect(resultsIn(join(cwd, 'sluice-out')).map(({ prompt }) => prompt)).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('takes no polls that come late for limits', async () => {
    const cwd = scratch();
    promptsFile(cwd, 'a', 'b');
    const args = [
      'generate',
      'prompts.txt',
      '--simulate',
      '--speed',
      '6000',
      '--poll-interval',
      '20m',
      '--progress',
      'json',
    ];
    const { stderr } = await sluice(args, { cwd });
    const summary = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Summary;
    expect(summary.tookMs).toBeGreaterThan(20 * 60_000);
    // No task of the simulator's takes longer.
    expect(summary.limitsAloneMs).toBeLessThanOrEqual(300_000);
    expect(summary.limitsAloneMs).toBeGreaterThan(0);
  });

  it.each([
    ['free', 'free', []],
    ['pro', 'pro', []],
    ['enterprise', 'enterprise', ['--concurrent', '12', '--rate', '100/min']],
  ])('keeps the limits of %s', async (_what, tier, more) => {
    const cwd = scratch();
    promptsFile(cwd, ...Array.from({ length: 6 }, (_, index) => `prompt ${index}`));
    const args = ['generate', 'prompts.txt', '--simulate', '--speed', '600', '--tier', tier, ...more];
    const { code, stderr } = await sluice(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('429s met   0\n');
  });
});

it('has the examples that npm start sends', () => {
  const prompts = readFileSync('examples/prompts.txt', 'utf8').trimEnd().split('\n');
  expect(prompts).toHaveLength(24);
  expect(new Set(prompts).size).toBe(24);
  expect(prompts.filter((prompt) => prompt.includes('['))).toEqual([]);
});
