import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, unfold } from '../../src/journal/fold.js';
import type { JournaledTask, JournalEntry } from '../../src/journal/journal.js';
import { runs } from '../runs.js';
import { anyEntry } from './entries.js';

const entriesUpTo = (maxLength: number): fc.Arbitrary<JournalEntry[]> => fc.array(anyEntry, { maxLength });
const read = (entries: Parameters<typeof fold>[1]): ReturnType<typeof fold> => fold('run', entries);

/** A later run relies on these. */
function isLegal({ phase, ref, acceptedAtMs, outcome, credits }: JournaledTask): boolean {
  if ((ref === undefined) !== (acceptedAtMs === undefined)) return false;
  if ((outcome !== undefined) !== (phase === 'ended')) return false;
  if (outcome !== undefined && outcome.credits !== credits) return false;
  return phase === 'ended' || (phase === 'running') === (ref !== undefined);
}

describe('fold', () => {
  it('should always come to a legal state, after any prefix of any entries', () => {
    fc.assert(
      fc.property(entriesUpTo(30), (entries) => {
        for (let length = 0; length <= entries.length; length += 1) {
          const { tasks, replaced } = read(entries.slice(0, length));
          expect(tasks.filter((task) => !isLegal(task))).toEqual([]);
          expect(new Set(tasks.map(({ key }) => key)).size).toBe(tasks.length);
          expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
          expect(replaced.filter(({ credits }) => credits <= 0)).toEqual([]);
        }
      }),
      runs(300),
    );
  });

  it('should always come to the same from what it was compacted to, whatever follows', () => {
    fc.assert(
      fc.property(entriesUpTo(30), entriesUpTo(30), (before, after) => {
        const compacted = unfold(read(before));
        expect(read([...compacted, ...after])).toEqual(read([...before, ...after]));
        expect(compacted.length).toBeLessThanOrEqual(before.length);
      }),
      runs(1_000),
    );
  });

  it('should always keep the first outcome of a task until a newer one replaces it', () => {
    fc.assert(
      fc.property(entriesUpTo(40), anyEntry, (entries, next) => {
        const before = read(entries);
        const after = read([...entries, next]);
        for (const task of before.tasks.filter(({ phase }) => phase === 'ended')) {
          const now = after.tasks.find(({ key }) => key === task.key);
          if (now?.id === task.id) expect(now).toEqual(task);
        }
      }),
      runs(500),
    );
  });

  it('should never call a task unsent that the server was known to have', () => {
    fc.assert(
      fc.property(entriesUpTo(40), anyEntry, (entries, next) => {
        const running = read(entries).tasks.filter(({ phase }) => phase === 'running');
        const after = read([...entries, next]).tasks;
        for (const { id } of running) expect(after.find((task) => task.id === id)?.phase).not.toBe('unsent');
      }),
      runs(500),
    );
  });

  it('should never forget a prompt, nor lose credits that may be spent', () => {
    fc.assert(
      fc.property(entriesUpTo(40), anyEntry, (entries, next) => {
        const [before, after] = [read(entries), read([...entries, next])];
        const keys = before.tasks.map(({ key }) => key);
        expect(after.tasks.map(({ key }) => key).slice(0, keys.length)).toEqual(keys);
        for (const task of before.tasks) {
          const isThere = after.tasks.some(({ id }) => id === task.id);
          const { credits, intendedAtMs } = task;
          if (!isThere && task.phase !== 'unsent' && credits > 0) {
            expect(after.replaced.at(-1)).toEqual({ credits, intendedAtMs });
            expect(after.replaced).toHaveLength(before.replaced.length + 1);
          }
        }
      }),
      runs(500),
    );
  });
});
