import type { Cancel } from '../../clock.js';
import type { TaskUpdate, TaskUpdates } from '../../tasks/taskApi.js';
import { throwApart } from '../../throwApart.js';

/** How far a task has come: of what is not further than was told before, nobody is told. */
export type Stage = 'running' | 'hinted' | 'ended';

const stages: readonly Stage[] = ['running', 'hinted', 'ended'];
const maxTasks = 10_000;

/**
 * Passes updates on, each stage of a task once and none after a later one, in whatever order they come. The last 10,000
 * tasks are remembered for that; while nobody listens, nothing is.
 */
export class Updates implements TaskUpdates {
  readonly #listeners = new Set<{ readonly hear: (update: TaskUpdate) => void }>();
  /** By id, the one that was heard of last at the end. */
  readonly #told = new Map<string, number>();

  on(listener: (update: TaskUpdate) => void): Cancel {
    const entry = { hear: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  tell(update: TaskUpdate, stage: Stage): void {
    if (this.#listeners.size === 0 || !this.#isNews(update.task.ref.id, stages.indexOf(stage))) return;
    for (const entry of [...this.#listeners]) {
      if (this.#listeners.has(entry)) hear(entry.hear, update);
    }
  }

  #isNews(id: string, stage: number): boolean {
    const told = this.#told.get(id) ?? -1;
    this.#told.delete(id);
    this.#told.set(id, Math.max(told, stage));
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= maxTasks) break;
      this.#told.delete(oldest);
    }
    return stage > told;
  }
}

/** A listener that throws is a mistake of the program: told as one, and the others hear all the same. */
function hear(listener: (update: TaskUpdate) => void, update: TaskUpdate): void {
  try {
    listener(update);
  } catch (thrown) {
    throwApart(thrown);
  }
}
