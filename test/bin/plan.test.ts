import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch, sluice } from './sluice.js';

function file(count: number): string {
  const path = join(scratch(), 'prompts.txt');
  writeFileSync(path, Array.from({ length: count }, (_, index) => `prompt ${index}`).join('\n'));
  return path;
}

describe('sluice plan', () => {
  it('says how long, how many requests, credits and days, and what binds; without credentials', async () => {
    const { code, stdout, stderr } = await sluice(['plan', file(30), '--tier', 'standard', '--task', '90s']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^limits {5}3 at once, 30 requests in 1 min\nmade {7}30 of 30\ntime {7}1[56] min/);
    expect(stdout).toMatch(/^requests {3}\d+ \(30 submits, \d+ polls\)$/m);
    expect(stdout).toContain('credits    300, as estimated\n');
    expect(stdout).toContain('bound by   the tasks at once\n');
  });

  it('is JSON for programs', async () => {
    const { stdout } = await sluice(['plan', file(4), '--tier', 'free', '--task', '60s-3m', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ prompts: 4, made: 4, notMade: [], credits: 40 });
  });

  it('takes thousands of prompts, and counts what lines and flags ask for', async () => {
    const args = ['plan', file(2_000), '--concurrent', '12', '--rate', '120/min', '--duration', '10', '--json'];
    const plan = JSON.parse((await sluice(args)).stdout) as { credits: number; requests: { submits: number } };
    expect([plan.credits, plan.requests.submits]).toEqual([40_000, 2_000]);
  });

  it('ends with 1 where a budget leaves some unmade, and says so', async () => {
    const { code, stdout } = await sluice(['plan', file(4), '--run-credits', '25']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/made {7}2 of 4\n {11}2 exhausted: [^\n]*"--run-credits"/);
  });

  it('says in one line that standard input cannot be read', async () => {
    const { code, stderr } = await sluice(['plan', '-'], { cwd: scratch(), shell: 'exec 0>only-written;' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: standard input: cannot be read \([^\n]+\)\n$/);
  });

  it('says so where it cannot be written, and takes no notice where nobody reads it to its end', async () => {
    const full = await sluice(['plan', file(1)], { shell: 'exec >/dev/full;' });
    expect([full.code, full.stderr]).toEqual([
      2,
      expect.stringMatching(/^sluice: the plan cannot be written \(ENOSPC/),
    ]);
    const left = await sluice(['plan', file(1)], { shell: 'exec > >(exec 2>&-; true); sleep 0.2;' });
    expect([left.code, left.stderr]).toEqual([0, '']);
  });

  it.each([
    [['--task', '3m-60s'], 'shorter and a longer'],
    [['--task', 'long'], 'must be a time'],
    [['--time-zone', 'Mars/Olympus'], 'IANA time zone'],
    [['--rate', '1/2400000000h'], 'in a time of up to a year'],
    [['--tier', 'enterprise'], '--concurrent and --rate'],
  ])('%j is one clear line and exit 2', async (args, words) => {
    const { code, stderr } = await sluice(['plan', file(1), ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: [^\n]+\n$/);
    expect(stderr).toContain(words);
  });
});
