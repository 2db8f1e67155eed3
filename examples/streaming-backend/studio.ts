import { randomBytes } from 'node:crypto';
import { auditTime, firstValueFrom, Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import {
  concurrency,
  createLimiter,
  generate,
  limiterEvents,
  perKey,
  slidingWindow,
  type GenerateEvent,
  type Limiter,
} from 'sluice';
import { fileJournal } from 'sluice/journal';
import { taskStates, type TaskState } from 'sluice/sse';
import type { Connection } from './connection.js';
import { Expectations } from './expectations.js';
import { keptTasks, Person, type TaskView } from './person.js';
import type { Settings } from './settings.js';
import { TaskLog, type Ending, type LoggedTask } from './taskLog.js';
import { inWords } from './words.js';

/** A task that has not ended. */
interface Task {
  readonly id: string;
  readonly person: string;
  readonly prompt: string;
  readonly atMs: number;
  /** Gives its place in the line up. */
  readonly leave: AbortController;
  startedAtMs?: number;
  /** The same, by a clock that nobody sets. */
  startedMs?: number;
  /** Lets the next in line go. */
  finished?: () => void;
}

/** What became of a submission. */
export type Submitted =
  | { readonly view: TaskView }
  /** Which of the two queues is full, how many it holds, and how long until there is room, as far as can be said. */
  | { readonly full: 'all' | 'own'; readonly size: number; readonly retryAfterMs: number };

interface KlingPrompt {
  readonly prompt: string;
}

/**
 * Makes everybody's videos on one account: one `generate` for all, and in front of it one line in which people take turns
 * and nobody has more than a few slots. What it has accepted it makes, also after it was killed.
 */
export class Studio {
  /** Who waits and who runs. */
  readonly line: Limiter;
  /** All that is asked of Kling. */
  readonly requests: Limiter;
  readonly expectations: Expectations;
  readonly ended$ = new Subject<Ending['phase']>();
  readonly #settings: Settings;
  readonly #failed: (error: unknown) => void;
  /** Opened once the journal is ours: two processes must not write it. */
  #log!: TaskLog;
  readonly #people = new Map<string, Person>();
  readonly #tasks = new Map<string, Task>();
  /** Where the videos are. */
  readonly #urls = new Map<string, string>();
  readonly #events = new Subject<GenerateEvent>();
  readonly #work: Subscription;
  /** Resolves once the journal has been read: from then on there is room for submissions. */
  readonly ready: Promise<void>;
  /** Takes prompts to `generate`, and the ids under which they are sent. */
  #made: Subscriber<KlingPrompt> | undefined;
  readonly #ids = new WeakMap<KlingPrompt, string>();

  /** @param failed told where nothing more can be made: the journal cannot be written, say */
  constructor(settings: Settings, connection: Connection, failed: (error: unknown) => void) {
    this.#settings = settings;
    this.#failed = failed;
    const { TASKS: tasks, TASKS_EACH: each, REQUESTS_PER_MINUTE: limit, POLL_MS, DATA_DIR: directory } = settings;
    const { client, clock, typicalMs } = connection;
    this.expectations = new Expectations({ all: tasks, each }, typicalMs);
    this.line = createLimiter({
      limits: [concurrency({ limit: tasks, name: 'tasks' }), perKey(() => concurrency({ limit: each, name: 'tasks' }))],
    });
    this.requests = createLimiter({
      limits: [slidingWindow({ limit, intervalMs: 60_000, name: 'requests' })],
      classify: (error) => client.classify(error),
      clock,
    });
    this.#events.pipe(taskStates()).subscribe((state) => this.#changed(state));
    limiterEvents(this.line)
      .pipe(auditTime(150))
      .subscribe(() => this.#tellPlaces());
    const open = new Subject<void>();
    this.ready = firstValueFrom(open);
    this.#work = this.#prompts(open)
      .pipe(
        generate(client, {
          concurrent: tasks,
          dailyCredits: 'off',
          pollIntervalMs: POLL_MS,
          externalId: (prompt) => this.#ids.get(prompt)!,
          journal: fileJournal({ directory }),
          ...{ requests: this.requests, clock, observer: this.#events },
        }),
      )
      .subscribe({ error: failed });
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#people;
  }

  personOf(name: string): Person {
    let person = this.#people.get(name);
    if (person !== undefined) return person;
    this.#people.set(name, (person = new Person()));
    // What has gone from the list cannot be fetched either.
    person.tasks.since().subscribe(({ event, key }) => {
      if (event === 'gone') this.#urls.delete(String(key));
    });
    return person;
  }

  /** Who has nothing here and follows nothing needs no memory. */
  forgetIdle(): void {
    for (const [name, { tasks, streams }] of this.#people) {
      if (tasks.size === 0 && streams === 0) this.#people.delete(name);
    }
  }

  /** Once it is accepted it is on disk. @throws where the disk does not take it */
  submit(person: string, prompt: string): Submitted {
    const { WAITING: all, WAITING_EACH: own } = this.#settings;
    if (this.line.waiting >= all) return { full: 'all', size: all, retryAfterMs: this.expectations.nextFreeMs() };
    if (this.#waitingOf(person) >= own) return { full: 'own', size: own, retryAfterMs: this.expectations.nextFreeMs() };
    const id = `ui-${randomBytes(12).toString('hex')}`;
    const atMs = Date.now();
    this.#log.write({ type: 'submitted', id, person, prompt, atMs });
    this.#queue({ id, person, prompt, atMs, isStarted: false });
    return { view: this.personOf(person).tasks.get(id)! };
  }

  /**
   * Gives up what waits, and clears away what has ended; what runs goes on and is paid for, whatever anybody does. Of
   * somebody else's task it says what it says of one that is not there.
   */
  remove(person: string, id: string): 'removed' | 'runs' | 'unknown' {
    const { tasks } = this.personOf(person);
    if (tasks.get(id) === undefined) return 'unknown';
    const task = this.#tasks.get(id);
    if (task?.startedAtMs !== undefined) return 'runs';
    if (task !== undefined) return this.#cancel(task);
    this.#log.write({ type: 'forgotten', id });
    tasks.delete(id);
    return 'removed';
  }

  /** Where the video of that person's task is. */
  videoOf(person: string, id: string): string | undefined {
    return this.#people.get(person)?.tasks.get(id) === undefined ? undefined : this.#urls.get(id);
  }

  /** Nothing more is made here; what runs is followed by the next process. */
  close(): void {
    this.#work.unsubscribe();
    this.#log.close();
  }

  /** All that is to be made: what an earlier process had accepted, what it had started first, and then what comes. */
  #prompts(open: Subject<void>): Observable<KlingPrompt> {
    return new Observable((subscriber) => {
      this.#made = subscriber;
      this.#log = new TaskLog(this.#settings.DATA_DIR, keptTasks);
      const logged = [...this.#log.tasks.values()];
      for (const task of logged) if (task.ending !== undefined) this.#show(task, task.ending);
      for (const task of logged) if (task.ending === undefined && task.isStarted) this.#queue(task);
      for (const task of logged) if (task.ending === undefined && !task.isStarted) this.#queue(task);
      open.next();
    });
  }

  #queue({ id, person, prompt, atMs, isStarted }: LoggedTask): void {
    const task: Task = { id, person, prompt, atMs, leave: new AbortController() };
    this.#tasks.set(id, task);
    this.#tell(task, { phase: 'waiting' });
    const { signal } = task.leave;
    this.line
      .run(() => this.#make(task, isStarted), { key: person, id, signal, priority: isStarted ? 1 : 0 })
      // Who leaves the line has been told; else the disk does not take that it starts, and the next process goes on.
      .catch((error: unknown) => (signal.aborted ? undefined : this.#failed(error)));
  }

  /** Resolves as its slot is free again. */
  #make(task: Task, isStarted: boolean): Promise<void> {
    const { id, prompt } = task;
    if (!isStarted) this.#log.write({ type: 'started', id });
    [task.startedAtMs, task.startedMs] = [Date.now(), performance.now()];
    this.#tell(task, { phase: 'starting' });
    const made: KlingPrompt = { prompt };
    this.#ids.set(made, id);
    return new Promise((resolve) => {
      task.finished = resolve;
      this.#made?.next(made);
    });
  }

  /** `generate` has news of a task. */
  #changed({ id, phase, refusal, retryAtMs, isFinal, outputs, error }: TaskState): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    if (phase === 'submitted' || phase === 'processing') this.#tell(task, { phase: 'running' });
    else if (isFinal === undefined) {
      const note =
        refusal && (retryAtMs === undefined ? 'The service is busy.' : 'The service is busy; trying again soon.');
      this.#tell(task, { phase: 'starting', note });
    } else this.#end(task, phase === 'succeeded' ? { phase: 'done', url: outputs?.[0]?.url } : failure(error));
  }

  #end(task: Task, how: Omit<Ending, 'endedAtMs' | 'startedAtMs'>): void {
    const { id, startedAtMs, startedMs, finished } = task;
    const ending: Ending = { ...how, startedAtMs, endedAtMs: Date.now() };
    this.#log.write({ type: 'ended', id, ending });
    this.#tasks.delete(id);
    if (ending.phase === 'done' && startedMs !== undefined) this.expectations.learn(performance.now() - startedMs);
    this.#show(task, ending);
    this.ended$.next(ending.phase);
    finished?.();
  }

  #cancel(task: Task): 'removed' {
    this.#end(task, { phase: 'cancelled' });
    task.leave.abort();
    // That somebody leaves by themselves is no event of the line.
    this.#tellPlaces();
    return 'removed';
  }

  #tell(
    { id, person, prompt, atMs, startedAtMs }: Task,
    how: Pick<TaskView, 'phase' | 'note' | 'ahead' | 'startsAtMs'>,
  ): void {
    const expectedAtMs = startedAtMs === undefined ? undefined : Math.round(startedAtMs + this.expectations.typicalMs);
    const view: TaskView = { id, prompt, submittedAtMs: atMs, startedAtMs, expectedAtMs, ...how };
    this.personOf(person).tasks.set(id, view);
  }

  #show({ id, person, prompt, atMs }: LoggedTask | Task, { url, ...ending }: Ending): void {
    if (url !== undefined) this.#urls.set(id, url);
    const video = url === undefined ? undefined : `/api/tasks/${id}/video`;
    this.personOf(person).tasks.set(id, { id, prompt, submittedAtMs: atMs, ...ending, video });
  }

  /** The line has moved: who stands elsewhere in it is told. */
  #tellPlaces(): void {
    for (const task of this.#tasks.values()) {
      const explained = task.startedAtMs === undefined ? this.line.explain(task.id) : undefined;
      if (explained === undefined) continue;
      const { ahead } = explained;
      if (this.personOf(task.person).tasks.get(task.id)?.ahead === ahead) continue;
      const inMs = this.expectations.startsInMs(explained);
      this.#tell(task, { phase: 'waiting', ahead, startsAtMs: Math.round(Date.now() + inMs) });
    }
  }

  #waitingOf(person: string): number {
    const views = this.personOf(person).tasks.values();
    return views.filter(({ phase }) => phase === 'waiting').length;
  }
}

function failure(error: TaskState['error']): Pick<Ending, 'phase' | 'note'> {
  return { phase: 'failed', note: error && inWords(error) };
}
