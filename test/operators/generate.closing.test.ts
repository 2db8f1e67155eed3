import { concat, from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { generate } from '../../operators/generate.js';
import { JournalError } from '../../src/errors.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { begin } from './generating.js';
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

describe('generate over a journal, left as it begins', () => {
  it.each([
    ['has it open', 50],
    ['is opening it', 0],
  ])('leaves the journal to the stream that %s, where it asks for it and is left at once', async (_, afterMs) => {
    const machine = new Machine();
    const both = { clock: machine.clock, api: machine.server, journal: machine.journal(), concurrent: 1 };
    const first = begin({ prompts: ['a', 'b', 'c'], ...both });
    if (afterMs > 0) await machine.clock.settle(afterMs);
    begin({ prompts: ['a', 'b', 'c'], ...both }).recording.subscription.unsubscribe();
    await machine.clock.settle();
    expect([first.recording.end, machine.server.sentAs('submit')]).toEqual(['|', 'a1 b1 c1']);
  });

  it('lets go of the journal for whoever comes as it is left amid the opening', async () => {
    const machine = new Machine();
    const both = { prompts: ['a'], clock: machine.clock, api: machine.server, journal: machine.journal() };
    begin(both).recording.subscription.unsubscribe();
    const second = begin(both);
    await machine.clock.settle();
    expect(second.recording.values).toMatchObject([{ prompt: 'a', status: 'succeeded' }]);
  });
});
