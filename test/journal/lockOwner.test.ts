import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { standingOf, thisProcess, type LockOwner } from '../../src/journal/lockOwner.js';

const self = await thisProcess();
const unsaid = { boot: undefined, started: undefined };
const noProcess = 2 ** 31 - 1;
const isLinux = process.platform === 'linux';

describe('thisProcess', () => {
  it('should tell it by its number and its host', () => {
    expect(self).toMatchObject({ pid: process.pid, host: hostname() });
  });

  it.runIf(isLinux)('should tell it from any that had or has its number, in another container too', () => {
    expect(self).toMatchObject({
      boot: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      pidSpace: expect.stringMatching(/^pid:\[\d+\]$/) as string,
      started: startOf(process.pid),
    });
  });
});

describe('standingOf', () => {
  it.each<[string, Partial<LockOwner>, Partial<LockOwner>, 'alive' | 'dead' | 'unseen']>([
    ['itself', {}, {}, 'alive'],
    ['a number that no process has', { pid: noProcess }, {}, 'dead'],
    ['another machine', { host: 'elsewhere', boot: 'another' }, {}, 'unseen'],
    ['another host, neither of which says when it was started', { ...unsaid, host: 'elsewhere' }, unsaid, 'unseen'],
    ['another host that says nothing, and has ended as far as we see', { host: 'elsewhere', ...unsaid }, {}, 'unseen'],
    ['another container', { pidSpace: 'pid:[1]', pid: noProcess }, {}, 'unseen'],
    ['a host that does not say when it was started', unsaid, {}, 'alive'],
    ['a host of which we do not know when it was started', {}, { boot: undefined }, 'alive'],
  ])('%s: %3$s', async (_, owner, here, standing) => {
    expect(await standingOf({ ...self, ...owner }, { ...self, ...here })).toBe(standing);
  });

  it.runIf(isLinux).each<[string, Partial<LockOwner>]>([
    ['the machine was started anew since', { boot: 'another' }],
    ['the number went to another process', { started: '1' }],
  ])('dead: %s', async (_, owner) => {
    expect(await standingOf({ ...self, ...owner }, self)).toBe('dead');
  });

  it.runIf(isLinux)('the same machine under another name: alive', async () => {
    expect(await standingOf({ ...self, host: 'renamed' }, self)).toBe('alive');
  });

  it.runIf(isLinux)('a process of somebody else: alive', async () => {
    expect(await standingOf({ ...self, pid: 1, started: startOf(1) }, self)).toBe('alive');
  });

  it.runIf(isLinux)('should not be misled by what a process calls itself', async () => {
    const name = readFileSync('/proc/self/comm', 'utf8');
    onTestFinished(() => writeFileSync('/proc/self/comm', name));
    writeFileSync('/proc/self/comm', 'a) Z 1 (b');
    expect(await thisProcess()).toEqual(self);
    expect(await standingOf(self, self)).toBe('alive');
  });
});

/** The 22nd of 52 fields, counted from the end: no name comes in between. */
function startOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ').at(-31);
}
