import type { RemoteTask } from '../../tasks/taskApi.js';
import { KlingError, type AnswerContext } from '../errors.js';
import type { KlingProduct } from '../klingRequest.js';
import { unknownShape, type TaskNames, type TaskShape } from './reading.js';

/**
 * An answer about many tasks. Each row stands for itself: a strange one is an error for the task that it names, and
 * nothing to any other.
 */
export class Rows {
  readonly #shape: TaskShape;
  readonly #context: AnswerContext;
  readonly #byId = new Map<string, unknown[]>();
  readonly #byExternalId = new Map<string, unknown[]>();
  readonly #names: readonly TaskNames[];

  constructor(rows: readonly unknown[], shape: TaskShape, context: AnswerContext) {
    this.#shape = shape;
    this.#context = context;
    this.#names = rows.map((row) => shape.namesOf(row));
    this.#names.forEach(({ id, externalId }, index) => {
      if (id !== undefined) put(this.#byId, id, rows[index]);
      if (externalId !== undefined) put(this.#byExternalId, externalId, rows[index]);
    });
  }

  get isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** What is said of the task with this id, the server's or ours; undefined: nothing. */
  about(id: string, product: KlingProduct): RemoteTask | KlingError | undefined {
    return this.#agreed(this.#byId.get(id), product) ?? this.aboutOurs(id, product);
  }

  /** What is said of the task with this external id; undefined: nothing. */
  aboutOurs(externalId: string, product: KlingProduct): RemoteTask | KlingError | undefined {
    return this.#agreed(this.#byExternalId.get(externalId), product);
  }

  /** True where every row is about a task with one of these ids. */
  areAbout(ids: ReadonlySet<string>): boolean {
    return this.#names.every(({ id = '', externalId = '' }) => ids.has(id) || ids.has(externalId));
  }

  /** Of rows about one task the one that says how it ended: lists are read while they change. */
  #agreed(rows: readonly unknown[] = [], product: KlingProduct): RemoteTask | KlingError | undefined {
    const readings = rows.map((row) => this.#reading(row, product));
    const tasks = readings.filter((reading) => !(reading instanceof KlingError));
    const ended = tasks.filter(({ status }) => status !== 'running');
    if (count(tasks.map(({ ref }) => ref.id)) > 1 || count(ended.map(({ status }) => status)) > 1) {
      return unknownShape('two rows about one task contradict each other', this.#context);
    }
    return ended[0] ?? readings.find((reading) => reading instanceof KlingError) ?? readings[0];
  }

  #reading(row: unknown, product: KlingProduct): RemoteTask | KlingError {
    return orKlingError(() => this.#shape.read(row, product, this.#context));
  }
}

/** What `read` returns or throws, where that is about the answer. */
export function orKlingError<T>(read: () => T): T | KlingError {
  try {
    return read();
  } catch (error) {
    if (error instanceof KlingError) return error;
    throw error;
  }
}

function put(rows: Map<string, unknown[]>, name: string, row: unknown): void {
  const known = rows.get(name);
  if (known === undefined) rows.set(name, [row]);
  else known.push(row);
}

function count(values: readonly string[]): number {
  return new Set(values).size;
}
