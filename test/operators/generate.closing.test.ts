import { concat, from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../operators/generate.js';
import { JournalError } from '../../src/errors.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { Machine } from './machine.js';
import { record } from './recording.js';

describe('generate over a journal, at its end', () => {
  it('has let go of its journal, with all that was noted in it, for whoever goes on at that instant', async () => {
    const { clock, server, disk } = new Machine({ faultOf: () => 'exhausted' });
    const process = disk.boot();
    const run = () =>
      from(['a']).pipe(
        generate(server, { clock, rate: 'off', journal: fileJournal({ directory: 'out', disk: process }) }),
      );
    const both = record(concat(run(), run()), () => clock.now());
    await clock.settle();
    expect(both.error).toBeUndefined();
    expect(both.values.map(({ isFinal, error }) => [isFinal, error?.meaning])).toEqual([
      [false, 'exhausted'],
      [false, 'exhausted'],
    ]);
    expect(server.sentAs('look-up')).toBe('');
  });

  it('ends with the error of the last note, too', async () => {
    const machine = new Machine({ faultOf: () => 'exhausted' });
    machine.faultOf = ({ kind, path }) =>
      kind === 'append' && path.endsWith('.log') && machine.server.sent.length > 0 ? 'ENOSPC' : undefined;
    const { recording } = await machine.ended({ prompts: ['a'] });
    expect(recording.values).toMatchObject([{ isFinal: false, error: { meaning: 'exhausted' } }]);
    expect(recording.error).toBeInstanceOf(JournalError);
  });
});
