import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** How a task has ended, as people are told. */
const ending = z.object({
  phase: z.enum(['done', 'failed', 'cancelled']),
  endedAtMs: z.number(),
  startedAtMs: z.number().optional(),
  note: z.string().optional(),
  /** Where the video is: not for people, who get it from here. */
  url: z.string().optional(),
});

const entry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('submitted'),
    id: z.string(),
    person: z.string(),
    prompt: z.string(),
    atMs: z.number(),
  }),
  z.object({ type: z.literal('started'), id: z.string() }),
  z.object({ type: z.literal('ended'), id: z.string(), ending }),
  z.object({ type: z.literal('forgotten'), id: z.string() }),
]);

export type LogEntry = z.output<typeof entry>;
export type Ending = z.output<typeof ending>;

/** A task as it was written down. */
export interface LoggedTask {
  readonly id: string;
  readonly person: string;
  readonly prompt: string;
  readonly atMs: number;
  readonly isStarted: boolean;
  readonly ending?: Ending;
}

/**
 * Whose task is which, and what people have been told: on disk before anybody is. The journal knows what was sent and is
 * there so that nothing is paid for twice; this knows what was asked for, also while it waits.
 */
export class TaskLog {
  readonly #file: number;
  readonly tasks: ReadonlyMap<string, LoggedTask>;

  /** @param kept how many tasks of each person are kept, those that have not ended beside them */
  constructor(directory: string, kept: number) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, 'tasks.jsonl');
    this.tasks = newest(read(path), kept);
    // Written anew at each start, less what is out of date; what a crash has torn goes with it.
    const next = openSync(`${path}.next`, 'w', 0o600);
    for (const task of this.tasks.values()) for (const it of entriesOf(task)) append(next, it);
    fsyncSync(next);
    renameSync(`${path}.next`, path);
    this.#file = next;
  }

  /** Once it returns, a power cut does not undo it. @throws where the disk does not take it */
  write(written: LogEntry): void {
    append(this.#file, written);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** All of it, or an error and nothing: what a full disk has taken of a line would spoil the next one. */
function append(file: number, it: LogEntry): void {
  const bytes = Buffer.from(`${JSON.stringify(it)}\n`);
  const { size } = fstatSync(file);
  let written = 0;
  try {
    while (written < bytes.length) {
      written += writeSync(file, bytes, written, bytes.length - written, size + written);
    }
  } catch (error) {
    ftruncateSync(file, size);
    throw error;
  }
}

function read(path: string): ReadonlyMap<string, LoggedTask> {
  const tasks = new Map<string, LoggedTask>();
  if (!existsSync(path)) return tasks;
  for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const it = entry.parse(JSON.parse(text));
    const task = tasks.get(it.id);
    if (it.type === 'submitted') tasks.set(it.id, { ...it, isStarted: false });
    else if (it.type === 'forgotten') tasks.delete(it.id);
    else if (task !== undefined) {
      tasks.set(it.id, it.type === 'started' ? { ...task, isStarted: true } : { ...task, ending: it.ending });
    }
  }
  return tasks;
}

function newest(tasks: ReadonlyMap<string, LoggedTask>, kept: number): ReadonlyMap<string, LoggedTask> {
  const counts = new Map<string, number>();
  const isKept = ({ person, ending: end }: LoggedTask): boolean => {
    const count = (counts.get(person) ?? 0) + 1;
    counts.set(person, count);
    return end === undefined || count <= kept;
  };
  return new Map(
    [...tasks]
      .reverse()
      .filter(([, task]) => isKept(task))
      .reverse(),
  );
}

function entriesOf({ isStarted, ending: end, ...task }: LoggedTask): readonly LogEntry[] {
  const { id, person, prompt, atMs } = task;
  const entries: LogEntry[] = [{ type: 'submitted', id, person, prompt, atMs }];
  if (isStarted) entries.push({ type: 'started', id });
  if (end !== undefined) entries.push({ type: 'ended', id, ending: end });
  return entries;
}
