import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { against, scratch, simulated, sluice, withKey } from './sluice.js';

/** A directory with a file of each kind in it. */
function files(): string {
  const cwd = scratch();
  const write = (name: string, content: string): void => writeFileSync(join(cwd, name), content);
  write('good.txt', 'a cat\n');
  write('empty.txt', '');
  write('long.txt', 'x'.repeat(3_000));
  write('broken.jsonl', '{"prompt":"a"}\n{"prompt":\n{"prompt":"b"}\n');
  write('strange.jsonl', '{"prompt":"a","promt":"b"}\n');
  write('twice.jsonl', '{"prompt":"a","id":"x"}\n{"prompt":"b","id":"x"}\n');
  mkdirSync(join(cwd, 'directory.txt'));
  return cwd;
}

describe('one clear line, exit 2, and nothing is sent', () => {
  const secret = 'hush-hush-hush';

  it.each([
    [['empty.txt'], 'empty.txt: there are no prompts in it'],
    [['missing.txt'], 'missing.txt: there is no such file'],
    [['directory.txt'], 'directory.txt: is a directory, not a file of prompts'],
    [['-'], 'standard input: there are no prompts in it'],
    [['long.txt'], 'long.txt:1: prompt: must be at most 2500 characters, and has 3000'],
    [['broken.jsonl'], 'broken.jsonl:2: is not JSON'],
    [['strange.jsonl'], 'strange.jsonl:1: unrecognized key: "promt"'],
    [['good.txt', '--rate', '0/1s'], "option '--rate <rate>' argument '0/1s' is invalid: must be a number of requests"],
    [['good.txt', '--concurrent', '-1'], "argument '-1' is invalid: must be a whole number of at least 1, or auto"],
    [['good.txt', '--run-credits', 'off'], "argument 'off' is invalid: must be a number of credits"],
    [['good.txt', '--time-zone', 'Mars/Base'], "argument 'Mars/Base' is invalid: must be an IANA time zone"],
    [['good.txt', '--callback-port', '70000'], "argument '70000' is invalid: must be a port"],
    [['good.txt', '--callback-port', '0'], '--callback-port needs --callback-url: '],
    [['good.txt', '--callback-url', 'https://example.com'], '--callback-url needs --callback-port: '],
    [
      ['good.txt', '--callback-port', '0', '--callback-url', 'example.com'],
      '--callback-url: must be an http or https URL',
    ],
    [['good.txt', '--out', ''], "argument '' is invalid: must be the path of a directory"],
    [['good.txt', '--download='], "argument '' is invalid: must be the path of a directory"],
    [['--download', 'good.txt'], "argument 'good.txt' is invalid: is a file: give FILE before --download, or "],
    [['good.txt', '--api', 'v2'], 'Allowed choices are v1, new'],
    [['good.txt', '--api', 'new', '--negative-prompt', 'x'], '--negative-prompt: is not taken by this API'],
    [['twice.jsonl'], 'twice.jsonl:2: id: "x" is that of line 1 already (nothing was sent)'],
    [['good.txt', '--simulate', '--retry-failed'], 'cannot be used with option'],
    [['good.txt', '--daily-credits', 'x'], "argument 'x' is invalid: must be a number of credits"],
    [['good.txt', '--poll-interval', '10'], "argument '10' is invalid: must be a time"],
    [['good.txt', '--deadline', '0s'], "argument '0s' is invalid: must be a time"],
    [['good.txt', '--max-retries', '-1'], "argument '-1' is invalid: must be a whole number of at least 0"],
    [['good.txt', '--tier', 'gold'], 'Allowed choices are free, standard, pro, enterprise'],
    [['good.txt', '--tier', 'enterprise'], '--tier enterprise needs --concurrent and --rate'],
    [['good.txt', '--tier', 'enterprise', '--concurrent', '9', '--rate', 'off'], 'at least 10 tasks at once'],
    [['good.txt', '--progress', 'loud'], 'Allowed choices are auto, bars, lines, json, none'],
    [['good.txt', '--duration', '7'], '--duration: must be 5 or 10 (seconds); --api new takes more (got "7")'],
    [['good.txt', '--mode', 'best'], '--mode: '],
    [['good.txt', '--aspect-ratio', '4:3'], '--aspect-ratio: '],
    [['good.txt', '--speed', '60'], '--speed is for --simulate'],
    [['good.txt', '--simulate', '--base-url', 'http://127.0.0.1:1'], 'cannot be used with option'],
    [['good.txt', '--frobnicate'], "unknown option '--frobnicate'"],
    [['good.txt', '--api-key', 'x'], "unknown option '--api-key'"],
    [['good.txt', 'more.txt'], 'too many arguments'],
    [['good.txt', '--base-url', 'nonsense'], '--base-url: must be an http or https URL'],
    [[], "missing required argument 'file'"],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await sluice(['generate', ...args], {
      cwd: files(),
      env: { KLING_API_KEY: secret },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain(secret);
  });

  it.each([
    [{}, 'no credentials: set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY (or use --simulate)'],
    [{ KLING_ACCESS_KEY: secret }, 'KLING_ACCESS_KEY is set and KLING_SECRET_KEY is not'],
    [{ KLING_SECRET_KEY: secret }, 'KLING_SECRET_KEY is set and KLING_ACCESS_KEY is not'],
    [{ KLING_API_KEY: `${secret} ` }, 'KLING_API_KEY: must not be empty or hold spaces'],
    [{ KLING_API_KEY: 'x', KLING_CALLBACK_SECRET: secret }, 'KLING_CALLBACK_SECRET: must be whsec_ and base64'],
  ])('the environment %j', async (env, words) => {
    const args = ['generate', 'good.txt', '--callback-port', '0', '--callback-url', 'https://example.com/kling'];
    const { code, stderr } = await sluice(args, { cwd: files(), env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain(secret);
  });

  it('a directory that cannot be written', async () => {
    const simulator = await simulated();
    const args = ['generate', 'good.txt', '--out', 'empty.txt/out', ...against(simulator)];
    const { code, stderr } = await sluice(args, { cwd: files(), env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: empty\.txt\/out\/journal\.log cannot be opened \(ENOTDIR[^\n]*--out[^\n]*\n$/);
    expect(simulator.books().created).toBe(0);
    const simulating = await sluice(['generate', 'good.txt', '--out', 'empty.txt/out', '--simulate'], { cwd: files() });
    expect(simulating.code).toBe(2);
    expect(simulating.stderr).toMatch(/^sluice: empty\.txt\/out cannot be written \(ENOTDIR[^\n]*--out[^\n]*\n$/);
  });

  it('a port for callbacks that is taken', async () => {
    const simulator = await simulated();
    const args = ['generate', 'good.txt', ...against(simulator, '--callback-port', String(simulator.port))];
    const { code, stderr } = await sluice(args, { cwd: files(), env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: --callback-port \d+ cannot be had \([^\n]*EADDRINUSE[^\n]*\n$/);
    expect(simulator.books().created).toBe(0);
  });

  it('results of a run that left nothing to go on from', async () => {
    const simulator = await simulated();
    const cwd = files();
    mkdirSync(join(cwd, 'sluice-out'));
    writeFileSync(join(cwd, 'sluice-out/results.jsonl'), '{"id":"old"}\n');
    const { code, stderr } = await sluice(['generate', 'good.txt', ...against(simulator)], { cwd, env: withKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: sluice-out\/results\.jsonl holds results already: [^\n]*--out[^\n]*\n$/);
    expect(readdirSync(join(cwd, 'sluice-out'))).toEqual(['results.jsonl']);
    expect(simulator.books().created).toBe(0);
  });
});

describe('a server that will not do', () => {
  let asked = 0;

  async function serving(status: number, type: string, body: string): Promise<string> {
    asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  }

  async function complaint(url: string, env: Readonly<Record<string, string>> = withKey): Promise<string> {
    const { code, stderr } = await sluice(['generate', 'good.txt', '--base-url', url], { cwd: files(), env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: nothing was submitted: [^\n]+\n$/);
    return stderr;
  }

  it('is not Kling: a page', async () => {
    expect(await complaint(await serving(200, 'text/html', '<html>welcome</html>'))).toMatch(
      /answered 200 with something that is not Kling's: check --base-url/,
    );
    expect(asked).toBe(4);
  });

  it('is not Kling: not found', async () => {
    expect(await complaint(await serving(404, 'text/plain', 'not found'))).toMatch(/answered 404 .*not Kling's/);
  });

  it('is not Kling: JSON of its own', async () => {
    expect(await complaint(await serving(200, 'application/json', '{"ok":true}'))).toMatch(/not Kling's/);
    expect(await complaint(await serving(200, 'application/json', '{"code":0,"data":"x"}'))).toMatch(/--base-url/);
  });

  it('is not there', async () => {
    expect(await complaint('http://127.0.0.1:1')).toMatch(/cannot connect to http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/);
  });

  it.each([[{ KLING_API_KEY: 'a-wrong-key' }], [{ KLING_ACCESS_KEY: 'sim-access', KLING_SECRET_KEY: 'a-wrong-key' }]])(
    'does not take the credentials %j',
    async (env) => {
      const simulator = await simulated();
      const stderr = await complaint(simulator.url, env);
      expect(stderr).toMatch(/\(code 1002, HTTP 401\): check the API key/);
      expect(stderr).not.toContain('a-wrong-key');
      expect(simulator.books().created).toBe(0);
    },
  );
});

describe('sluice itself', () => {
  it('tells its version, and helps, on standard output', async () => {
    expect(await sluice(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    for (const args of [['--help'], ['generate', '--help'], ['simulator', '--help'], ['help', 'generate']]) {
      const { code, stdout, stderr } = await sluice(args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Usage: sluice');
    }
  });

  it.each(['generate', 'simulator'])('%s --help has examples and exit codes', async (command) => {
    const { stdout } = await sluice([command, '--help']);
    expect(stdout).toMatch(/Exit codes:\n {2}0 /);
    expect(stdout).toMatch(/Examples:\n {2}\$ sluice /);
  });

  it('knows no other command', async () => {
    expect(await sluice(['frobnicate'])).toEqual({
      code: 2,
      stdout: '',
      stderr: "sluice: unknown command 'frobnicate'\n",
    });
    expect((await sluice([])).code).toBe(2);
  });
});
