import { createHash, randomUUID } from 'node:crypto';
import { JournalLockedError } from '../errors.js';
import type { Unlock } from './disk.js';
import { nodeLockFiles, type LockFiles } from './lockFiles.js';
import { lockOwner, standingOf, thisProcess, type LockOwner } from './lockOwner.js';

/** What taking a lock needs to know of the world. */
export interface LockWorld {
  readonly files: LockFiles;
  readonly self: () => Promise<LockOwner>;
  readonly standingOf: (owner: LockOwner, self: LockOwner) => Promise<'alive' | 'dead' | 'unseen'>;
}

const realWorld: LockWorld = { files: nodeLockFiles, self: thisProcess, standingOf };

/**
 * Takes the lock that is the file at `path`, which says who holds it; that of a dead process is taken over.
 *
 * Two that find the same dead holder must not both clear its file away: the second would clear away the first's. So that
 * right is a lock itself, a file beside the lock, named after the very text of the dead holder's; texts never repeat. Who
 * has the right looks again, and clears the file away only if it still has that text: nobody else may change it by then.
 * Should one die that has the right, its right is cleared away the same way, under one named after its own text.
 *
 * @throws (rejects with) JournalLockedError
 */
export async function lockFile(path: string, world: LockWorld = realWorld): Promise<Unlock> {
  const lock = new Lock(path, world, await world.self());
  const text = await lock.take(path);
  await lock.sweep().catch(() => undefined);
  return () => lock.release(path, text);
}

class Lock {
  readonly #path: string;
  readonly #world: LockWorld;
  readonly #self: LockOwner;

  constructor(path: string, world: LockWorld, self: LockOwner) {
    this.#path = path;
    this.#world = world;
    this.#self = self;
  }

  async take(path: string): Promise<string> {
    const { files } = this.#world;
    const text = `${JSON.stringify({ ...this.#self, token: randomUUID() })}\n`;
    for (;;) {
      if (await files.create(path, text)) return text;
      const held = await files.read(path);
      if (held === undefined) continue;
      await this.#refuseUnlessDead(path, held);
      await this.#clear(path, held);
    }
  }

  /** Somebody may have removed it by hand, and another taken it. */
  async release(path: string, text: string): Promise<void> {
    const { files } = this.#world;
    if ((await files.read(path)) === text) await files.remove(path);
  }

  /** Removes what those left who died while they took this lock: as long as we hold it, it means nothing. */
  async sweep(): Promise<void> {
    const { files } = this.#world;
    for (const path of await files.beside(this.#path)) {
      const owner = ownerIn((await files.read(path)) ?? '');
      if (owner === undefined) continue;
      if ((await this.#world.standingOf(owner, this.#self)) === 'dead') await files.remove(path);
    }
  }

  async #clear(path: string, dead: string): Promise<void> {
    const right = `${this.#path}.${createHash('sha256').update(dead).digest('hex').slice(0, 32)}`;
    const text = await this.take(right);
    try {
      await this.release(path, dead);
    } finally {
      await this.release(right, text);
    }
  }

  /** A file without an owner is what a crash of the machine has left: nobody ever sees one half written. */
  async #refuseUnlessDead(path: string, text: string): Promise<void> {
    const owner = ownerIn(text);
    if (owner === undefined) return;
    const standing = await this.#world.standingOf(owner, this.#self);
    if (standing === 'dead') return;
    throw new JournalLockedError(path, owner.pid, standing === 'alive' ? undefined : placeOf(owner, this.#self));
  }
}

function placeOf(owner: LockOwner, self: LockOwner): string {
  return owner.host === self.host ? 'another container' : `the host or container "${owner.host}"`;
}

function ownerIn(text: string): LockOwner | undefined {
  try {
    return lockOwner.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
