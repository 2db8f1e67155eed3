import { describe, expect, it, onTestFinished } from 'vitest';
import { Roster } from '../../bin/roster.js';
import type { Prompt } from '../../bin/prompts.js';
import { fileJournal, type JournalEntry, type JournaledOutcome } from '../../src/journal/index.js';
import { parseKlingRequest, type KlingRequest } from '../../src/kling/index.js';
import { Identities } from '../../src/tasks/identity.js';
import { scratch } from './sluice.js';

const client = { parse: (input: unknown) => parseKlingRequest(input) };
const promptsOf = (...texts: readonly string[]): readonly Prompt[] =>
  texts.map((text) => {
    const [, id, words = text] = /^(\w+): (.*)$/.exec(text) ?? [];
    return { request: parseKlingRequest(words), ...(id !== undefined && { id }) };
  });

interface Past {
  readonly status?: JournaledOutcome['status'];
  readonly isSent?: boolean;
}

/** A journal in which prompts have come as far as is told of each. */
async function memoryOf(pasts: Readonly<Record<string, Past>>) {
  const journal = fileJournal({ directory: scratch() });
  const { runId } = await journal.open();
  const identities = new Identities(runId, (text) => journal.digest(text));
  for (const [index, { request, id: promptId }] of promptsOf(...Object.keys(pasts)).entries()) {
    const { status, isSent = true } = Object.values(pasts)[index]!;
    const { key, idOf } = identities.identify(request, { promptId });
    const id = idOf(0);
    const outcome = { status: status!, outputs: [], attempts: 1, endedAtMs: 9, credits: 1 };
    const entries: JournalEntry[] = [
      { type: 'intent', id, key, round: 0, index, prompt: request, credits: 1, atMs: 1 },
      { type: isSent ? 'status' : 'unsent', id, atMs: 2 },
      ...(status === undefined ? [] : [{ type: 'ended', id, outcome, atMs: 3 } as const]),
    ];
    for (const entry of entries) await journal.write(entry);
  }
  await journal.close();
  const history = await journal.open();
  onTestFinished(() => journal.close());
  return { journal, history };
}

const rosterOf = async (pasts: Readonly<Record<string, Past>>, texts: readonly string[], retryFailed = false) =>
  new Roster({ prompts: promptsOf(...texts), client, memory: await memoryOf(pasts), retryFailed });

describe('Roster', () => {
  it('knows where each prompt stands, and places those that have left the file after the others', async () => {
    const pasts = {
      done: { status: 'succeeded' },
      bad: { status: 'failed' },
      runs: {},
      gone: {},
      unsent: { isSent: false },
    } as const;
    const roster = await rosterOf(pasts, ['new', 'runs', 'unsent', 'bad', 'done', 'done']);
    expect(roster.standing).toEqual({ prompts: 6, known: 5, done: 2, takenOver: 1, toMake: 3, strays: 1 });
    expect(roster.size).toBe(7);
    expect(Array.from({ length: 7 }, (_, place) => roster.textAt(place))).toEqual([
      'new',
      'runs',
      'unsent',
      'bad',
      'done',
      'done',
      'gone',
    ]);
    const { history } = await memoryOf(pasts);
    expect(history.tasks.map(({ prompt }) => (prompt as KlingRequest).prompt)).toEqual(Object.keys(pasts));
  });

  it('gives every task the place of its prompt by its id, that of a new try too', async () => {
    const pasts = { runs: {}, bad: { status: 'failed' }, gone: {} } as const;
    const memory = await memoryOf(pasts);
    const [runs, bad, gone] = memory.history.tasks;
    const prompts = promptsOf('bad', 'runs');
    const roster = new Roster({ prompts, client, memory, retryFailed: false });
    expect([bad, runs, gone].map((task) => roster.placeOf(task!.id))).toEqual([0, 1, 2]);
    const retrying = new Roster({ prompts, client, memory, retryFailed: true });
    const identity = new Identities(memory.history.runId, (text) => memory.journal.digest(text)).identify(
      prompts[0]!.request,
      {},
    );
    expect(retrying.placeOf(identity.idOf(1))).toBe(0);
    expect(retrying.placeOf(bad!.id)).toBe(undefined);
    expect(retrying.standing).toMatchObject({ done: 0, takenOver: 1, toMake: 1 });
  });

  it('refuses an id that stood for something else, and takes one that stands for the same', async () => {
    const pasts = { 'x: a cat': { status: 'succeeded' }, 'y: a dog': {} } as const;
    await expect(rosterOf(pasts, ['x: a dog', 'y: a cat', 'z: a cat'])).rejects.toThrow(
      /^id "x", "y": stood for another/,
    );
    expect((await rosterOf(pasts, ['y: a dog', 'x: a cat'])).standing).toMatchObject({ done: 1, takenOver: 1 });
  });

  it('knows nobody where nothing is remembered', () => {
    const roster = new Roster({ prompts: promptsOf('a', 'b'), client, retryFailed: false });
    expect(roster.standing).toEqual({ prompts: 2, known: 0, done: 0, takenOver: 0, toMake: 2, strays: 0 });
    expect(roster.placeOf('anything')).toBe(undefined);
    expect([roster.textAt(1), roster.textAt(2)]).toEqual(['b', '']);
    expect(roster.size).toBe(2);
  });
});
