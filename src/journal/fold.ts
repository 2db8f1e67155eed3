import type { StoredEntry } from './entries.js';
import type { JournaledTask, JournalEntry, JournalHistory } from './journal.js';

type Intent = Extract<JournalEntry, { readonly type: 'intent' }>;

/**
 * What a journal's entries come to. Any of them will do, in any order: one that makes no sense where it stands changes
 * nothing, and of two that contradict each other that one counts which sends nothing twice.
 *
 * - The first outcome stands. Once the server has a task, `unsent` is no news of it.
 * - The latest `accepted` says where it is found, the first one since when.
 * - An id is that of one task: an intent under the id of another prompt's task changes nothing.
 */
export function fold(runId: string, entries: Iterable<StoredEntry>): JournalHistory {
  const folding = new Folding();
  for (const entry of entries) folding.add(entry);
  return folding.history(runId);
}

/** The same, entry by entry: for a journal that goes on being read. */
export class Folding {
  readonly #tasks = new Map<string, JournaledTask>();
  /** The same, by the tasks' ids. */
  readonly #byId = new Map<string, JournaledTask>();
  readonly #replaced: { credits: number; intendedAtMs: number }[] = [];

  /** The newest task of a prompt. */
  taskOf(key: string): JournaledTask | undefined {
    return this.#tasks.get(key);
  }

  /** Whose newest task it is. */
  keyOf(id: string): string | undefined {
    return this.#byId.get(id)?.key;
  }

  history(runId: string): JournalHistory {
    return { runId, tasks: [...this.#tasks.values()], replaced: [...this.#replaced] };
  }

  add(entry: StoredEntry): void {
    if (entry.type === 'replaced') {
      this.#replace(entry);
      return;
    }
    const task = this.#byId.get(entry.id);
    if (task !== undefined) this.#put(after(task, entry));
    else if (entry.type === 'intent') this.#begin(entry);
  }

  #begin(intent: Intent): void {
    const older = this.#tasks.get(intent.key);
    if (older !== undefined) {
      this.#byId.delete(older.id);
      if (older.phase !== 'unsent') this.#replace(older);
    }
    this.#put(intended(intent));
  }

  #put(task: JournaledTask): void {
    this.#tasks.set(task.key, task);
    this.#byId.set(task.id, task);
  }

  #replace({ credits, intendedAtMs }: { readonly credits: number; readonly intendedAtMs: number }): void {
    if (credits > 0) this.#replaced.push({ credits, intendedAtMs });
  }
}

/** The fewest entries that come to the same, and go on coming to the same whatever follows them. */
export function unfold({ tasks, replaced }: JournalHistory): readonly StoredEntry[] {
  return [...replaced.map((it) => ({ type: 'replaced', ...it }) as const), ...tasks.flatMap(unfoldTask)];
}

function intended({ id, key, round, index, prompt, credits, atMs }: Intent): JournaledTask {
  return { id, key, round, index, prompt, credits, intendedAtMs: atMs, phase: 'unknown' };
}

function after(task: JournaledTask, entry: JournalEntry): JournaledTask {
  if (task.phase === 'ended') return task;
  switch (entry.type) {
    case 'intent':
      return task.phase === 'running' || task.key !== entry.key ? task : intended(entry);
    case 'accepted':
      return { ...task, phase: 'running', ref: entry.ref, acceptedAtMs: task.acceptedAtMs ?? entry.atMs };
    case 'status':
      // Without its place at the server it can only be looked up.
      return task.phase === 'unsent' ? { ...task, phase: 'unknown' } : task;
    case 'unsent':
      return task.phase === 'running' ? task : { ...task, phase: 'unsent' };
    case 'ended':
      return { ...task, phase: 'ended', outcome: entry.outcome, credits: entry.outcome.credits };
  }
}

function unfoldTask(task: JournaledTask): readonly JournalEntry[] {
  const { id, key, round, index, prompt, credits, intendedAtMs, phase, ref, acceptedAtMs, outcome } = task;
  const entries: JournalEntry[] = [{ type: 'intent', id, key, round, index, prompt, credits, atMs: intendedAtMs }];
  if (ref !== undefined && acceptedAtMs !== undefined) entries.push({ type: 'accepted', id, ref, atMs: acceptedAtMs });
  if (phase === 'unsent') entries.push({ type: 'unsent', id, atMs: intendedAtMs });
  if (outcome !== undefined) entries.push({ type: 'ended', id, outcome, atMs: outcome.endedAtMs });
  return entries;
}
