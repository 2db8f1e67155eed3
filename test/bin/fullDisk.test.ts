import { appendFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, withKey } from './sluice.js';

describe('a disk that is full', () => {
  it('stops, collects what runs, and prints what could not be written', async () => {
    const simulator = await simulated({ tasks: 2, speed: 500 });
    const out = scratch();
    symlinkSync('/dev/full', join(out, 'results.jsonl'));
    const file = promptsFile(out, 'a', 'b', 'c', 'd', 'e', 'f');
    const args = ['generate', file, '--out', out, ...against(simulator, '--concurrent', '2')];
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(1);
    expect(stderr.match(/results\.jsonl cannot be written \(ENOSPC.*\): nothing new is submitted/g)).toHaveLength(1);
    const printed = stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { taskId: string }).taskId);
    const { tasks } = simulator.books();
    expect(tasks.length).toBeLessThan(6);
    expect(printed.toSorted()).toEqual(tasks.map(({ taskId }) => taskId).toSorted());
    expect(stderr).toContain(`not sent   ${6 - tasks.length}\n`);
  });

  it('keeps whole lines alone, loses none, and lets the next run go on', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = promptsFile(out, ...Array.from({ length: 12 }, (_, index) => `${index} ${'x'.repeat(900)}`));
    const args = ['generate', file, '--out', out, ...against(simulator, '--concurrent', '1')];
    // Files may have 7 KiB: some intents, and some results.
    const first = await sluice(args, { env: withKey, shell: 'ulimit -f 7;' });
    expect(first.code).toBe(1);
    expect(first.stderr.match(/cannot be written \(EFBIG.* nothing new is submitted/g)).toHaveLength(1);
    const printed = first.stderr.split('\n').filter((line) => line.startsWith('{'));
    const { created } = simulator.books();
    expect(created).toBeGreaterThan(1);
    expect(created).toBeLessThan(12);
    expect(resultsIn(out).length + printed.length).toBe(created);
    expect(first.stderr).toMatch(/^to go on {3}run the same command again$/m);

    const second = await sluice(args, { env: withKey });
    expect(second.code).toBe(0);
    expect(simulator.books()).toMatchObject({ created: 12, duplicatesRefused: 0 });
    expect(resultsIn(out).map(({ index }) => index)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it('is noticed before anything is billed, where it is full already', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)];
    const { code, stderr } = await sluice(args, { env: withKey, shell: 'ulimit -f 0;' });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: .*journal\.log cannot be opened \(EFBIG.*\): choose another --out, .*; nothing was submitted\n$/,
    );
    expect(simulator.books().created).toBe(0);
  });

  it('is noticed so by a run that goes on, too, and harms none of its lines', async () => {
    const simulator = await simulated();
    const out = scratch();
    const argsFor = (...lines: readonly string[]) => [
      ...['generate', promptsFile(out, ...lines), '--out', out],
      ...against(simulator),
    ];
    expect((await sluice(argsFor('a'), { env: withKey })).code).toBe(0);
    const path = join(out, 'results.jsonl');
    appendFileSync(path, `${'x'.repeat(6_000)}\n`);
    const results = readFileSync(path, 'utf8');
    const { code, stderr } = await sluice(argsFor('a', 'b'), { env: withKey, shell: 'ulimit -f 8;' });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: .*results\.jsonl cannot be written \(EFBIG.*paid for again\); nothing was submitted\n$/,
    );
    expect(readFileSync(path, 'utf8')).toBe(results);
    expect(simulator.books().created).toBe(1);
  });
});
