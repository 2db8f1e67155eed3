import { dirname } from 'node:path';
import { JournalLockedError } from '../../src/errors.js';
import type { Disk, DiskFile, Unlock } from '../../src/journal/disk.js';
import { SimulatedFile } from './simulatedFile.js';

/**
 * What goes wrong: `ENOSPC` and `EIO` reject, when part of the work may have been done; `short` has an append take only
 * some of its bytes; `crash` and `kill` are as `crash()` and `kill()`, just before the operation.
 */
export type Fault = 'ENOSPC' | 'EIO' | 'short' | 'crash' | 'kill';

export interface DiskOperation {
  /** Its number among all, from 0. */
  readonly number: number;
  readonly kind: keyof Disk | keyof DiskFile | 'unlock';
  readonly path: string;
}

export interface SimulatedDiskOptions {
  /** Decides all that a real disk leaves open: in [0, 1). */
  readonly random: () => number;
  /** What goes wrong with an operation. @defaultValue nothing ever does */
  readonly fault?: ((operation: DiskOperation) => Fault | undefined) | undefined;
}

/**
 * The disk of a machine that crashes. It lives in memory, and everything is answered in microtasks: no timers.
 *
 * A process that starts on the machine gets the disk from `boot()`, as it will see it until it ends. When the machine
 * crashes, what was synced stays; of what was not, a prefix may, torn anywhere, with zeros or garbage behind it; new,
 * renamed and removed files are undone from some point on, back to their last `syncDirectory`. When a process is killed,
 * all that it wrote stays as it is, and is as unsynced as before. In both cases locks are free again, and a process that
 * was there gets no more answers, and does nothing any more, whatever its promises still call.
 *
 *     const machine = new SimulatedDisk({ random: seededRandom(1) });
 *     await run(fileJournal({ directory: '/journal', disk: machine.boot() }));
 *     machine.crash();
 *     await run(fileJournal({ directory: '/journal', disk: machine.boot() }));
 */
export class SimulatedDisk {
  readonly #random: () => number;
  readonly #fault: (operation: DiskOperation) => Fault | undefined;
  #files = new Map<string, SimulatedFile>();
  #durableFiles = new Map<string, SimulatedFile>();
  /** What was done to directories since they were synced, in order. */
  #undurable: { readonly directory: string; readonly redo: (files: Map<string, SimulatedFile>) => void }[] = [];
  readonly #locks = new Map<string, object>();
  #lives = 0;
  #operations = 0;

  constructor({ random, fault = () => undefined }: SimulatedDiskOptions) {
    this.#random = random;
    this.#fault = fault;
  }

  /** How many operations there were. */
  get operations(): number {
    return this.#operations;
  }

  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** What a process would read; undefined where there is no such file. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.content;
  }

  /** Puts a file there, for good. */
  put(path: string, bytes: Uint8Array): void {
    const file = new SimulatedFile();
    file.append(bytes);
    file.sync();
    this.#files.set(path, file);
    this.#durableFiles.set(path, file);
  }

  /** The disk as a process sees it that starts now. */
  boot(): Disk {
    const life = this.#lives;
    const run: Run = (kind, path, work) => this.#run(life, kind, path, work);
    return {
      makeDirectory: (path) => run('makeDirectory', path, () => undefined),
      read: (path) => run('read', path, () => this.bytesOf(path)?.slice()),
      open: (path) => run('open', path, () => this.#open(path, run)),
      rename: (from, to) => run('rename', to, () => this.#rename(from, to)),
      remove: (path) => run('remove', path, () => this.#remove(path)),
      syncDirectory: (path) => run('syncDirectory', path, () => this.#syncDirectory(path)),
      lock: (path) => run('lock', path, () => this.#lock(path, run)),
    };
  }

  /** Every process on the machine ends at once, as by SIGKILL. */
  kill(): void {
    this.#lives += 1;
    this.#locks.clear();
  }

  /** The machine loses its power, and gets it back. */
  crash(): void {
    this.kill();
    const redone = Math.floor(this.#random() * (this.#undurable.length + 1));
    for (const { redo } of this.#undurable.slice(0, redone)) redo(this.#durableFiles);
    this.#undurable = [];
    for (const file of new Set(this.#durableFiles.values())) file.crash(this.#random);
    this.#files = new Map(this.#durableFiles);
  }

  #run<T>(life: number, kind: DiskOperation['kind'], path: string, work: Work<T>): Promise<T> {
    const isOver = (): boolean => life !== this.#lives;
    return new Promise((resolve, reject) => {
      if (isOver()) return;
      const fault = this.#fault({ number: this.#operations++, kind, path });
      if (fault === 'crash') this.crash();
      if (fault === 'kill') this.kill();
      if (isOver()) return;
      try {
        const result = this.#carriedOut(kind, path, work, fault);
        queueMicrotask(() => isOver() || resolve(result));
      } catch (error) {
        queueMicrotask(() => isOver() || reject(error));
      }
    });
  }

  #carriedOut<T>(kind: string, path: string, work: Work<T>, fault: Fault | undefined): T {
    if (fault === undefined || fault === 'short') return work(fault);
    const code = fault;
    // It may have been done all the same.
    if (kind === 'append' || kind === 'sync' || this.#random() < 0.5) work(code);
    throw Object.assign(new Error(`${code}: simulated, ${kind} '${path}'`), { code });
  }

  #open(path: string, run: Run): DiskFile {
    const file = this.#files.get(path) ?? new SimulatedFile();
    if (!this.#files.has(path)) this.#change(path, (files) => files.set(path, file));
    return {
      append: (bytes) =>
        run('append', path, (fault) => {
          const taken = fault === undefined ? bytes.length : 1 + Math.floor(this.#random() * (bytes.length - 1));
          file.append(bytes.subarray(0, taken));
          return taken;
        }),
      sync: () => run('sync', path, (fault) => (fault === undefined ? file.sync() : file.failSync())),
      truncate: (length) => run('truncate', path, () => file.truncate(length)),
      close: () => run('close', path, () => undefined),
    };
  }

  #rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw Object.assign(new Error(`ENOENT: simulated, rename '${from}'`), { code: 'ENOENT' });
    this.#change(to, (files) => {
      files.set(to, file);
      files.delete(from);
    });
  }

  #remove(path: string): void {
    if (this.#files.has(path)) this.#change(path, (files) => files.delete(path));
  }

  #change(path: string, redo: (files: Map<string, SimulatedFile>) => void): void {
    redo(this.#files);
    this.#undurable.push({ directory: dirname(path), redo });
  }

  #syncDirectory(path: string): void {
    for (const { redo } of this.#undurable.filter(({ directory }) => directory === path)) redo(this.#durableFiles);
    this.#undurable = this.#undurable.filter(({ directory }) => directory !== path);
  }

  #lock(path: string, run: Run): Unlock {
    if (this.#locks.has(path)) throw new JournalLockedError(path, 1);
    const holder = {};
    this.#locks.set(path, holder);
    return () =>
      run('unlock', path, () => {
        if (this.#locks.get(path) === holder) this.#locks.delete(path);
      });
  }
}

/** Does it, all or what the fault leaves of it. */
type Work<T> = (fault?: Fault) => T;
type Run = <T>(kind: DiskOperation['kind'], path: string, work: Work<T>) => Promise<T>;
