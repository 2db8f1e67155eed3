import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalLockedError } from '../../src/errors.js';
import { lockFile, type LockWorld } from '../../src/journal/lock.js';
import type { LockOwner } from '../../src/journal/lockOwner.js';
import { runs } from '../runs.js';

const path = '/journal.lock';
const ownerOf = (pid: number): LockOwner => ({ pid, host: 'here' });

/** Processes that take and give back one lock, and die, with every step of them in the order that is drawn. */
class Processes {
  readonly files = new Map<string, string>();
  readonly holders = new Set<number>();
  readonly #dead = new Set<number>();
  readonly #scheduler: fc.Scheduler;
  #steps = 0;
  /** Which process dies at which step. */
  readonly #deaths: ReadonlyMap<number, number>;

  constructor(scheduler: fc.Scheduler, deaths: ReadonlyMap<number, number>) {
    this.#scheduler = scheduler;
    this.#deaths = deaths;
  }

  kill(pid: number): void {
    this.#dead.add(pid);
    this.holders.delete(pid);
  }

  isDead(pid: number): boolean {
    return this.#dead.has(pid);
  }

  worldOf(pid: number): LockWorld {
    const { files } = this;
    const act = <T>(work: () => T): Promise<T> => this.#act(pid, work);
    return {
      self: () => Promise.resolve(ownerOf(pid)),
      standingOf: ({ pid: other }) => act(() => (this.#dead.has(other) ? 'dead' : 'alive')),
      files: {
        create: (file, text) => act(() => !files.has(file) && files.set(file, text).has(file)),
        read: (file) => act(() => files.get(file)),
        remove: (file) => act(() => void files.delete(file)),
        beside: (file) => act(() => [...files.keys()].filter((each) => each.startsWith(`${file}.`))),
      },
    };
  }

  /** One step, some time after it was asked for; the dead take none. */
  async #act<T>(pid: number, work: () => T): Promise<T> {
    await this.#scheduler.schedule(Promise.resolve());
    const victim = this.#deaths.get(this.#steps++);
    if (victim !== undefined) this.kill(victim);
    if (this.#dead.has(pid)) return new Promise(() => undefined);
    const result = work();
    await this.#scheduler.schedule(Promise.resolve());
    return this.#dead.has(pid) ? new Promise(() => undefined) : result;
  }
}

/** Process 0 has died with the lock; the others want it, some of them again and again. */
async function contend(processes: Processes, contenders: number, times: number, scheduler: fc.Scheduler) {
  const held: number[] = [];
  const refused: JournalLockedError[] = [];
  const clashes: number[][] = [];
  processes.files.set(path, JSON.stringify(ownerOf(0)));
  processes.kill(0);
  for (let pid = 1; pid <= contenders; pid += 1) {
    const world = processes.worldOf(pid);
    const live = async (): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        try {
          const unlock = await lockFile(path, world);
          held.push(pid);
          processes.holders.add(pid);
          if (processes.holders.size > 1) clashes.push([...processes.holders]);
          await world.files.read('a while');
          if (time === times - 1) return;
          processes.holders.delete(pid);
          await unlock();
        } catch (error) {
          if (!(error instanceof JournalLockedError)) throw error;
          refused.push(error);
        }
      }
    };
    void live();
  }
  await scheduler.waitIdle();
  return { held, refused, clashes };
}

const deaths = fc
  .array(fc.tuple(fc.nat(120), fc.integer({ min: 1, max: 5 })), { maxLength: 4 })
  .map((pairs) => new Map(pairs));

describe('a lock whose holder has died', () => {
  it('should always go to exactly one of those who want it at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 5 }), async (scheduler, contenders) => {
        const processes = new Processes(scheduler, new Map());
        const { held, refused, clashes } = await contend(processes, contenders, 1, scheduler);
        expect(held).toHaveLength(1);
        expect(refused).toHaveLength(contenders - 1);
        expect(clashes).toEqual([]);
        expect([...processes.files.keys()]).toEqual([path]);
      }),
      runs(500),
    );
  });

  it('should never be held by two, whoever takes it, gives it back or dies, and when', async () => {
    let takeovers = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), deaths, async (scheduler, deaths) => {
        const processes = new Processes(scheduler, deaths);
        const { clashes, held } = await contend(processes, 5, 4, scheduler);
        expect(clashes).toEqual([]);
        takeovers += held.length - 1;

        // Whatever they have left, the next one gets it, and clears that away.
        for (const pid of processes.holders) processes.kill(pid);
        expect(await takenBy(9, processes, scheduler)).toBe(true);
        expect([...processes.files.keys()]).toEqual([path]);
      }),
      runs(1_000),
    );
    expect(takeovers).toBeGreaterThan(0);
  });
});

async function takenBy(pid: number, processes: Processes, scheduler: fc.Scheduler): Promise<boolean> {
  let isTaken = false;
  void lockFile(path, processes.worldOf(pid)).then(
    () => (isTaken = true),
    () => undefined,
  );
  await scheduler.waitIdle();
  return isTaken;
}
