import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings, refuseOthers, writeSettings } from '../../bin/settings.js';
import { scratch } from './sluice.js';

describe('the settings of a run', () => {
  it('are read as they were written, and leave nothing else behind', async () => {
    const directory = scratch();
    expect(readSettings(directory)).toBe(undefined);
    for (const settings of [{ '--api': 'v1', '--mode': 'pro' }, { '--api': 'new' }]) {
      await writeSettings(directory, settings);
      expect(readSettings(directory)).toEqual(settings);
      expect(readdirSync(directory)).toEqual(['run.json']);
    }
  });

  it.each(['', '{', '{"format":2,"settings":{}}', '{"format":1}', '{"format":1,"settings":{"--api":1}}', 'null'])(
    'cannot be read from %j',
    (text) => {
      const directory = scratch();
      writeFileSync(join(directory, 'run.json'), text);
      expect(() => readSettings(directory)).toThrow(/run\.json cannot be read by this version of sluice: /);
    },
  );

  it('say where they cannot be written', async () => {
    await expect(writeSettings(join(scratch(), 'missing'), {})).rejects.toThrow(
      /missing\/run\.json cannot be written \(ENOENT.*\): choose another --out; nothing was submitted$/,
    );
  });

  it('are the same in any order, and else name each flag that differs', () => {
    expect(() =>
      refuseOthers('o', { '--api': 'v1', '--mode': 'pro' }, { '--mode': 'pro', '--api': 'v1' }),
    ).not.toThrow();
    expect(() => refuseOthers('o', { '--api': 'v1', '--mode': 'pro' }, { '--api': 'new', '--model': 'm' })).toThrow(
      'o has a run of other flags (--api "v1" before, --api "new" now; --mode "pro" before, no --mode now; ' +
        'no --model before, --model "m" now)',
    );
  });
});
