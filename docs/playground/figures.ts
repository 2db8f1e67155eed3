import { idealMs } from './ideal.js';
import type { ItemRecord, RunRecord, Try } from './record.js';
import type { Settings } from './scenario.js';
import type { Level, RefusedAs } from './server.js';
import { greatest, ours, windowLevels } from './windows.js';

/** What a run comes to. */
export interface Figures {
  readonly done: number;
  readonly givenUp: number;
  readonly stopped: number;
  /** From the first arrival to the last end. */
  readonly makespanMs: number;
  /** What the limits alone would need. */
  readonly idealMs: number;
  /** From coming to being sent for the last time, of what was done. */
  readonly waitMs: Spread;
  readonly requests: number;
  readonly refusals: Readonly<Record<RefusedAs, number>>;
  /** The most requests of ours in any window, as the server saw them; and with others'. */
  readonly worstWindow: { readonly ours: number; readonly all: number; readonly intervalMs: number };
  readonly worstSecond: number;
  /** The most that the server worked on at once. */
  readonly mostAtOnce: number;
  readonly longestQueue: number;
  readonly users: readonly UserFigures[];
}

export interface UserFigures {
  readonly user: number;
  readonly items: number;
  readonly waitMs: Spread;
  readonly lastEndMs: number;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export function figuresOf(record: RunRecord, settings: Settings): Figures {
  const { items, server, samples, endedAtMs } = record;
  const tries = items.flatMap((item) => item.tries);
  const refused = (verdict: RefusedAs): number => tries.filter((it) => it.verdict === verdict).length;
  const ended = (end: ItemRecord['end']): number => items.filter((item) => item.end === end).length;
  const intervalMs = windowMs(settings);
  return {
    done: ended('done'),
    givenUp: ended('given up'),
    stopped: ended('stopped'),
    makespanMs: endedAtMs - (items[0]?.arrivesAtMs ?? 0),
    idealMs: idealMs(items, settings) - (items[0]?.arrivesAtMs ?? 0),
    waitMs: waits(items),
    requests: tries.filter(isSent).length,
    refusals: {
      'too fast': refused('too fast'),
      'no slot': refused('no slot'),
      fault: refused('fault'),
      outage: refused('outage'),
    },
    worstWindow: {
      ours: greatest(windowLevels(ours(server.seen), intervalMs)),
      all: greatest(seenInWindow(record, settings)),
      intervalMs,
    },
    worstSecond: greatest(windowLevels(ours(server.seen), 1_000)),
    mostAtOnce: greatest(server.busy),
    longestQueue: samples.reduce((most, { waiting }) => Math.max(most, waiting), 0),
    users: usersIn(items, settings),
  };
}

/** How many requests the server had seen in its window, over time: what reached it from anybody. */
export function seenInWindow({ server }: RunRecord, settings: Settings): readonly Level[] {
  const instants = server.seen.map((it) => it.atMs);
  return windowLevels(instants, windowMs(settings));
}

/** The window that is looked at: the server's, if it counts; or ours; or a minute. */
export function windowMs({ serverWindow, serverIntervalMs, window, intervalMs }: Settings): number {
  return serverWindow ? serverIntervalMs : window ? intervalMs : 60_000;
}

export function isSent(it: Try): boolean {
  return it.sentAtMs < Infinity;
}

function usersIn(items: readonly ItemRecord[], { users }: Settings): readonly UserFigures[] {
  return Array.from({ length: users }, (_, user) => {
    const own = items.filter((item) => item.user === user);
    const lastEndMs = Math.max(0, ...own.map((item) => item.endedAtMs));
    return { user, items: own.length, waitMs: waits(own), lastEndMs };
  });
}

function waits(items: readonly ItemRecord[]): Spread {
  const waitsMs = items
    .filter((item) => item.end === 'done')
    .map((item) => (item.tries.at(-1)?.sentAtMs ?? NaN) - item.arrivesAtMs)
    .sort((one, other) => one - other);
  const rank = (share: number): number => waitsMs[Math.max(0, Math.ceil(share * waitsMs.length) - 1)] ?? 0;
  return { p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}
