import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok, refusal, ScriptedServer, text, type Answer } from '../kling/scriptedServer.js';
import { promptsFile, resultsIn, scratch, sluice, SluiceRun, withKey } from './sluice.js';

/** Sets the title of a terminal, colours it, begins a sequence in one character, and turns the direction of writing. */
const attack = '\x1b]0;owned\x07\x1b[31m\u009b2J\u2028\u202egnp.';
/** Whatever a terminal does more with than to show it. */
const control = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

let server: ScriptedServer;
beforeEach(async () => (server = await ScriptedServer.start()));
afterEach(() => server.stop());

const video = '\0\0\0\x20ftypisom';

/** A Kling that takes every task, and says the same of it ever after. */
function tellingOf(task: object): void {
  const created = { task_id: `t${attack}`, task_status: 'submitted' };
  const answer: Answer = (response, request) => {
    const { method, url = '' } = request;
    if (url.includes('..') || url.endsWith('.sh')) text(200, video)(response, request);
    else ok(method === 'POST' ? created : url.includes('?') ? [] : { ...created, ...task })(response, request);
  };
  server.answers(answer);
}

function argsIn(out: string, ...more: readonly string[]): readonly string[] {
  return [
    'generate',
    promptsFile(out, 'a'),
    '--out',
    out,
    '--base-url',
    server.url,
    '--poll-interval',
    '10ms',
    ...more,
  ];
}

describe('words of a hostile server', () => {
  it('never reach the terminal as anything but words: a refusal of the key', async () => {
    server.answers(refusal(401, 1002, attack));
    const { code, stderr } = await sluice(argsIn(scratch()), { env: withKey });
    expect([code, control.exec(stderr)]).toEqual([2, null]);
    expect(stderr).toContain('gnp.');
  });

  it.each(['lines', 'json'])(
    'never reach the terminal, nor the results, as anything but words: %s',
    async (progress) => {
      tellingOf({ task_status: 'failed', task_status_msg: attack });
      const out = scratch();
      const { code, stderr } = await sluice(argsIn(out, '--progress', progress), { env: withKey });
      const results = readFileSync(join(out, 'results.jsonl'), 'utf8');
      expect([code, control.exec(stderr), control.exec(results)]).toEqual([1, null, null]);
      expect(JSON.parse(results)).toMatchObject({ taskId: `t${attack}` });
    },
  );

  it('never reach the terminal as anything but words: the name of a task that runs on', async () => {
    tellingOf({ task_status: 'processing' });
    const run = new SluiceRun(argsIn(scratch()), { env: withKey });
    await run.shows(/#1 submitted/);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect([code, control.exec(stderr)]).toEqual([130, null]);
    expect(stderr).toMatch(/^ {2}#1 task t.*owned/m);
  });
});

describe('a hostile server', () => {
  it('chooses neither the names nor the kinds of what is saved, nor anything on this machine', async () => {
    const urls = [`${server.url}/run.sh`, `${server.url}/..%2f..%2fx.html`, 'file:///etc/passwd', '../../etc/passwd'];
    tellingOf({ task_status: 'succeed', task_result: { videos: urls.map((url) => ({ id: '../../x', url })) } });
    const out = scratch();
    const { code, stderr } = await sluice(argsIn(out, '--download'), { env: withKey });
    const [{ id } = { id: '' }] = resultsIn(out);
    expect([code, readdirSync(join(out, 'videos'))]).toEqual([1, [`0001-${id}-1.mp4`, `0001-${id}-2.mp4`]]);
    expect(stderr.match(/^#1 could not be saved from .*must be an http or https URL/gm)).toHaveLength(2);
  });
});

describe('what lies in a directory', () => {
  it.each([
    ['run.json', { format: 1, settings: { [`--run${attack}`]: attack, '--run': attack } }],
    ['journal.lock', { pid: 1, host: `host${attack}` }],
  ])('%s never reaches the terminal as anything but words', async (name, content) => {
    const out = scratch();
    writeFileSync(join(out, name), JSON.stringify(content));
    const { code, stderr } = await sluice(argsIn(out), { env: withKey });
    expect([code, control.exec(stderr)]).toEqual([2, null]);
    expect(stderr).toContain('gnp.');
  });

  it('is read by nobody else: prompts, ids and results', async () => {
    tellingOf({ task_status: 'failed' });
    const out = join(scratch(), 'made');
    mkdirSync(out, { mode: 0o755 });
    const victim = join(out, 'victim');
    writeFileSync(victim, 'as it was');
    symlinkSync(victim, join(out, 'run.json.new'));
    expect((await sluice(argsIn(out), { env: withKey })).code).toBe(1);
    const modes = ['journal.log', 'run.json', 'results.jsonl'].map((name) => statSync(join(out, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(readFileSync(victim, 'utf8')).toBe('as it was');
  });
});
