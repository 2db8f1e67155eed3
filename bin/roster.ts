import type { Journal, JournaledTask, JournalHistory } from '../src/journal/index.js';
import type { KlingClient, KlingRequest } from '../src/kling/index.js';
import { canonicalJson, Identities, type Identity } from '../src/tasks/identity.js';
import type { Prompt } from './prompts.js';
import { promptText } from './text.js';
import { UsageError } from './usageError.js';

export interface RosterOptions {
  readonly prompts: readonly Prompt[];
  readonly client: Pick<KlingClient, 'parse'>;
  /** Where earlier runs are known. */
  readonly memory?: { readonly journal: Pick<Journal, 'digest'>; readonly history: JournalHistory } | undefined;
  /** True: what has failed before is made once more. */
  readonly retryFailed: boolean;
}

/** How many there are of what at the start of a run. */
export interface Standing {
  readonly prompts: number;
  /** Tasks that the journal has of prompts, of whatever file. */
  readonly known: number;
  /** Prompts whose end is known, whose task runs or may run, and the rest. */
  readonly done: number;
  readonly takenOver: number;
  readonly toMake: number;
  /** Tasks that run or may run, and whose prompts are not in the file any more. */
  readonly strays: number;
}

/**
 * Everybody whom a run has to do with, each in a place of its own: the prompts in the order of the file, and after them
 * the strays, whose tasks an earlier run has sent and whose prompts the file does not have any more.
 */
export class Roster {
  readonly standing: Standing;
  readonly #texts: readonly string[];
  readonly #placeOf = new Map<string, number>();

  /** @throws UsageError where an id of a prompt was that of another one in an earlier run */
  constructor({ prompts, client, memory, retryFailed }: RosterOptions) {
    const { tasks } = memory?.history ?? { tasks: [] };
    const knownBy = new Map(tasks.map((task) => [task.key, task]));
    const identities = memory && new Identities(memory.history.runId, (text) => memory.journal.digest(text));
    const counts = { done: 0, takenOver: 0, toMake: 0 };
    const reused: string[] = [];
    prompts.forEach(({ request, id }, place) => {
      const identity = identities?.identify(client.parse(request), { promptId: id });
      const known = identity && knownBy.get(identity.key);
      if (memory && known && id !== undefined && !isSame(known, identity, client, memory.journal)) reused.push(id);
      const task = taskOf(identity, known, retryFailed);
      counts[task.standing] += 1;
      if (task.id !== undefined) this.#placeOf.set(task.id, place);
      if (known !== undefined) knownBy.delete(known.key);
    });
    if (reused.length > 0) throw new UsageError(reusedIds(reused));
    const strays = [...knownBy.values()].filter(isUnderWay);
    strays.forEach(({ id }, index) => this.#placeOf.set(id, prompts.length + index));
    this.#texts = [...prompts.map(({ request }) => request), ...strays.map(({ prompt }) => prompt)].map(promptText);
    this.standing = { prompts: prompts.length, known: tasks.length, ...counts, strays: strays.length };
  }

  /** Prompts and strays. */
  get size(): number {
    return this.#texts.length;
  }

  /** The place, from 0, of whom a task is; undefined where that is not known by its id. */
  placeOf(id: string): number | undefined {
    return this.#placeOf.get(id);
  }

  textAt(place: number): string {
    return this.#texts[place] ?? '';
  }
}

/** What `generate` will do with a prompt, and under which id. */
function taskOf(
  identity: Identity | undefined,
  known: JournaledTask | undefined,
  retryFailed: boolean,
): { readonly id: string | undefined; readonly standing: 'done' | 'takenOver' | 'toMake' } {
  if (known === undefined) return { id: identity?.idOf(0), standing: 'toMake' };
  if (isUnderWay(known)) return { id: known.id, standing: 'takenOver' };
  if (known.outcome === undefined) return { id: known.id, standing: 'toMake' };
  if (known.outcome.status === 'succeeded' || !retryFailed) return { id: known.id, standing: 'done' };
  return { id: identity?.idOf(known.round + 1), standing: 'toMake' };
}

function isUnderWay({ phase }: JournaledTask): boolean {
  return phase === 'unknown' || phase === 'running';
}

/** True where a prompt still asks for what it asked for when its id was first used. */
function isSame(
  { prompt }: JournaledTask,
  identity: Identity | undefined,
  client: RosterOptions['client'],
  journal: Pick<Journal, 'digest'>,
): boolean {
  let request: KlingRequest;
  try {
    request = client.parse(prompt);
  } catch {
    return true;
  }
  return journal.digest(canonicalJson(request)) === identity?.content;
}

function reusedIds(ids: readonly string[]): string {
  const named = ids.slice(0, 5).map((id) => `"${id}"`);
  const more = ids.length > named.length ? ` and ${ids.length - named.length} more` : '';
  return (
    `id ${named.join(', ')}${more}: stood for another prompt in an earlier run: give what is new an id of its own; ` +
    'nothing was submitted'
  );
}
