import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ThreadsPoolWorker, type PoolOptions, type PoolWorker, type WorkerRequest } from 'vitest/node';

type Listener = (message: unknown) => void;

/** How often a thread runs before another takes over: what it ran leaves listeners behind. */
const turns = 40;
const ours = ['src', 'operators', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => resolve(folder, name)),
);
let kept: { readonly worker: ThreadsPoolWorker; left: number } | undefined;

/**
 * A worker thread that stays for the next run, which has vitest, zod, RxJS and fast-check loaded then: nearly all of a
 * mutant's time. The code under test and the tests are loaded anew for each run, though not for each file of it.
 */
export class KeptThread implements PoolWorker {
  readonly name = 'kept-thread';
  readonly #options: PoolOptions;
  readonly #listeners: [event: string, Listener][] = [];
  #worker: ThreadsPoolWorker;
  #hasEnded = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#worker = new ThreadsPoolWorker(options);
  }

  async start(): Promise<void> {
    if (kept?.left === 0) await end();
    if (kept === undefined) {
      kept = { worker: new ThreadsPoolWorker(this.#options), left: turns };
      await kept.worker.start();
    }
    kept.left--;
    this.#worker = kept.worker;
  }

  send(message: WorkerRequest): void {
    if (message.type === 'stop') {
      this.#hasEnded = true;
      for (const listener of this.#of('message')) listener({ type: 'stopped', __vitest_worker_response__: true });
      return;
    }
    if (message.type === 'run') message.context.invalidates = ours;
    if (message.type === 'start')
      message.context.config = { ...message.context.config, testTimeout: this.#testTimeout };
    this.#worker.send(message);
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push([event, listener]);
    this.#worker.on(event, listener);
  }

  off(event: string, listener: Listener): void {
    this.#worker.off(event, listener);
  }

  async stop(): Promise<void> {
    for (const [event, listener] of this.#listeners) this.#worker.off(event, listener);
    if (!this.#hasEnded) await end();
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  /** What a test waits for may never come with a mutant. In the run before, each step is counted, which takes its time. */
  get #testTimeout(): number {
    return this.#options.project.getProvidedContext().mode === 'mutant' ? 5_000 : 120_000;
  }

  #of(event: string): Listener[] {
    return this.#listeners.filter(([of]) => of === event).map(([, listener]) => listener);
  }
}

/** Ends the thread that was kept. */
export async function end(): Promise<void> {
  const { worker } = kept ?? {};
  kept = undefined;
  await worker?.stop();
}
