import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalError, SluiceError } from '../../src/errors.js';
import { fold } from '../../src/journal/fold.js';
import type { Journal, JournalEntry } from '../../src/journal/journal.js';
import { runs } from '../runs.js';
import { lifeOf, livesOf } from './entries.js';

/** A journal that can be opened by one process after another. */
export interface JournalPlace {
  /** As a process of its own sees it. */
  journal(): Journal;
}

/** Writes it all, each entry with those of the same group; what is shared is claimed first. */
async function writeAll(journal: Journal, groups: readonly (readonly JournalEntry[])[]): Promise<void> {
  for (const group of groups) {
    for (const entry of group) if (entry.type === 'intent') await journal.claims?.claim(entry.key);
    await Promise.all(group.map((entry) => journal.write(entry)));
  }
}

/** What every journal keeps to, wherever it is. */
export function journalContract(name: string, place: () => Promise<JournalPlace>): void {
  describe(`${name} is a journal`, () => {
    it('should be empty at first, and of one run for ever', async () => {
      const there = await place();
      const first = there.journal();
      const { runId, tasks, replaced } = await first.open();
      expect(runId).not.toBe('');
      expect([tasks, replaced]).toEqual([[], []]);
      await first.close();
      const second = there.journal();
      expect((await second.open()).runId).toBe(runId);
      await second.close();
      const elsewhere = (await place()).journal();
      expect((await elsewhere.open()).runId).not.toBe(runId);
      await elsewhere.close();
    });

    it('should find again what was written, whatever was written and in which company', async () => {
      const lives = fc.nat(6).chain((count) => fc.shuffledSubarray(livesOf(count + 1).map((_, at) => at)));
      await fc.assert(
        fc.asyncProperty(lives, fc.integer({ min: 1, max: 9 }), async (places, size) => {
          // Each life in its own order, cut off anywhere.
          const all = livesOf(7);
          const entries = places.toSorted((one, other) => one - other).flatMap((at) => all.slice(at, at + 1));
          const known = entries.filter((entry, at) => {
            return (
              entry.type === 'intent' || entries.slice(0, at).some((it) => it.type === 'intent' && it.id === entry.id)
            );
          });
          const groups = Array.from({ length: Math.ceil(known.length / size) }, (_, at) =>
            known.slice(at * size, (at + 1) * size),
          );
          const there = await place();
          const writer = there.journal();
          const { runId } = await writer.open();
          await writeAll(writer, groups);
          await writer.close();
          const reader = there.journal();
          expect(await reader.open()).toEqual(fold(runId, known));
          await reader.close();
        }),
        runs(10),
      );
    });

    it('should tell of entries in the order in which they were written', async () => {
      const journal = (await place()).journal();
      await journal.open();
      await journal.claims?.claim('key-0');
      const told: string[] = [];
      await Promise.all(lifeOf(0).map((entry) => journal.write(entry).then(() => told.push(entry.type))));
      expect(told).toEqual(['intent', 'accepted', 'status', 'ended']);
      await journal.close();
    });

    it('should wait with closing for what is being written, and write nothing after it', async () => {
      const there = await place();
      const journal = there.journal();
      await journal.open();
      await journal.claims?.claim('key-0');
      const writing = Promise.all(lifeOf(0).map((entry) => journal.write(entry)));
      await journal.close();
      await journal.close();
      await writing;
      await expect(journal.write(lifeOf(1)[0]!)).rejects.toThrow(/not open/);
      expect((await journal.open()).tasks).toMatchObject([{ phase: 'ended' }]);
      await journal.close();
    });

    it('should be refused to whoever has it open already', async () => {
      const journal = (await place()).journal();
      await journal.open();
      await expect(journal.open()).rejects.toBeInstanceOf(SluiceError);
      await journal.claims?.claim('key-0');
      await journal.write(lifeOf(0)[0]!);
      await journal.close();
    });

    it('should be left to whoever has it, or is opening it, where another gives its own opening up', async () => {
      const journal = (await place()).journal();
      const giveUp = async () => {
        const leaving = new AbortController();
        const opening = journal.open({ signal: leaving.signal });
        leaving.abort();
        await opening.catch(() => undefined);
      };
      const opening = journal.open();
      await giveUp();
      await opening;
      await giveUp();
      await journal.claims?.claim('key-0');
      await journal.write(lifeOf(0)[0]!);
      await journal.close();
    });

    it('should be open for nobody where its opening is given up', async () => {
      const there = await place();
      const journal = there.journal();
      const leaving = new AbortController();
      const opening = journal.open({ signal: leaving.signal });
      await Promise.resolve();
      leaving.abort();
      const next = there.journal();
      await Promise.all([opening.catch(() => undefined), journal.open()]);
      await journal.close();
      await next.open();
      await next.close();
    });

    it('should keep prompts as they are, whatever is in them', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.anything().map(plain), { maxLength: 4 }), async (prompts) => {
          const there = await place();
          const journal = there.journal();
          await journal.open();
          const intents = prompts.map((prompt, index) => ({
            type: 'intent' as const,
            id: `id-${index}`,
            key: `key ${index}`,
            round: 0,
            index,
            prompt,
            credits: 0.5,
            atMs: 1,
          }));
          await writeAll(journal, [intents]);
          await journal.close();
          expect((await journal.open()).tasks.map(({ prompt }) => prompt)).toEqual(prompts);
          await journal.close();
        }),
        runs(10),
      );
    });

    it('should write nothing more after what cannot be written', async () => {
      const journal = (await place()).journal();
      await journal.open();
      await journal.claims?.claim('key-0');
      const [intent, accepted] = lifeOf(0);
      const wrong = { ...intent, credits: NaN } as JournalEntry;
      const error: unknown = await journal.write(wrong).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(JournalError);
      expect((error as JournalError).message).toContain('intent of sluice-0');
      await expect(journal.write(accepted!)).rejects.toBe(error);
      await journal.close();
    });

    it('should make digests of at least 128 bits', async () => {
      const journal = (await place()).journal();
      expect(journal.digest('a cat')).toMatch(/^[0-9a-f]{32,}$/);
      expect(journal.digest('a cat')).toBe(journal.digest('a cat'));
      expect(journal.digest('a dog')).not.toBe(journal.digest('a cat'));
    });
  });
}

/** What of a value JSON keeps; undefined where that is nothing. */
function plain(value: unknown): unknown {
  try {
    const json = JSON.stringify(value, (_, it: unknown) => (typeof it === 'bigint' ? String(it) : it)) as
      string | undefined;
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
