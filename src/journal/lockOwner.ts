import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as z from 'zod';
import { codeOf } from '../codeOf.js';

/** A process, told apart from all that ever had its number, as far as the system says. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Which run of the machine. */
  readonly boot?: string | undefined;
  /** Within what its number counts: containers have theirs. */
  readonly pidSpace?: string | undefined;
  /** When it was started, in ticks since that boot. */
  readonly started?: string | undefined;
}

export const lockOwner: z.ZodType<LockOwner> = z.object({
  pid: z.int().positive(),
  host: z.string(),
  boot: z.string().optional(),
  pidSpace: z.string().optional(),
  started: z.string().optional(),
});

export async function thisProcess(): Promise<LockOwner> {
  const [boot, pidSpace, { started }] = await Promise.all([
    orNothing(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    orNothing(readlink('/proc/self/ns/pid')),
    statOf(process.pid),
  ]);
  return { pid: process.pid, host: hostname(), boot: boot?.trim(), pidSpace, started };
}

/** `unseen`: it may or may not live, and nobody here can tell. */
export async function standingOf(owner: LockOwner, self: LockOwner): Promise<'alive' | 'dead' | 'unseen'> {
  const isSameBoot = owner.boot !== undefined && owner.boot === self.boot;
  if (!isSameBoot && owner.host !== self.host) return 'unseen';
  // The same host, started anew since.
  if (areKnownToDiffer(owner.boot, self.boot)) return 'dead';
  if (owner.pidSpace !== self.pidSpace) return 'unseen';
  if (!isRunning(owner.pid)) return 'dead';
  const { state, started } = await statOf(owner.pid);
  // What was killed and not yet reaped still has its number.
  if (state === 'Z' || state === 'X') return 'dead';
  return areKnownToDiffer(owner.started, started) ? 'dead' : 'alive';
}

/** What the system did not say may be the same. */
function areKnownToDiffer(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** Sends nothing: signal 0 only asks. One that belongs to somebody else is there, too. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

interface Stat {
  readonly state?: string | undefined;
  readonly started?: string | undefined;
}

/** See proc(5). Neither where the system does not say. */
async function statOf(pid: number): Promise<Stat> {
  const text = await orNothing(readFile(`/proc/${pid}/stat`, 'latin1'));
  if (text === undefined) return {};
  // The name in brackets may hold anything, brackets too; the state is field 3, the start field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], started: fields[19] };
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch {
    return undefined;
  }
}
