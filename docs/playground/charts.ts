import { seenInWindow, windowMs } from './figures.js';
import type { RunRecord, Sample } from './record.js';
import type { Settings } from './scenario.js';
import type { Level } from './server.js';
import { inTime } from './words.js';
import { greatest } from './windows.js';

/** One of the small charts under the timeline. */
export interface Chart {
  readonly title: string;
  /** What the limiter counts, as an area. */
  readonly limiter: { readonly label: string; readonly levels: readonly Level[] } | undefined;
  /** What the server sees, as a line. */
  readonly server: { readonly label: string; readonly levels: readonly Level[] } | undefined;
  /** What the server allows, and what the limiter does, where that is another number. */
  readonly allowed: readonly { readonly label: string; readonly levels: readonly Level[] }[];
  readonly most: number;
  /** The chart in words. */
  readonly told: string;
}

export function chartsOf(record: RunRecord, settings: Settings): readonly Chart[] {
  return [windowChart(record, settings), slotChart(record, settings), queueChart(record)];
}

function windowChart(record: RunRecord, settings: Settings): Chart {
  const { serverWindow, serverLimit } = settings;
  const rate = record.limits.findIndex(({ kind }) => kind === 'rate');
  const counted = rate === -1 ? undefined : levelsOf(record, (it) => it.used[rate] ?? 0);
  return chart({
    title: `Requests in any ${inTime(windowMs(settings))}`,
    limiter: counted && { label: `as the limiter counts: ${record.limits[rate]?.name ?? ''}`, levels: counted },
    server: { label: 'as the server saw', levels: seenInWindow(record, settings) },
    allowed: serverWindow ? [flat('allowed by the server', serverLimit)] : [],
  });
}

function slotChart(record: RunRecord, settings: Settings): Chart {
  const { serverSlots, serverSlotCount, adaptive } = settings;
  const found = record.limits.findIndex(({ name }) => name === 'slots found');
  const allowed = serverSlots ? [flat('allowed by the server', serverSlotCount)] : [];
  const learnt = { label: 'allowed by the limiter', levels: levelsOf(record, (it) => it.capacity[found] ?? 0) };
  return chart({
    title: 'At once',
    limiter: { label: 'as the limiter counts', levels: levelsOf(record, (it) => it.active) },
    server: { label: 'in the server', levels: record.server.busy },
    allowed: adaptive ? [...allowed, learnt] : allowed,
  });
}

function queueChart(record: RunRecord): Chart {
  const levels = levelsOf(record, (it) => it.waiting);
  return chart({ title: 'Waiting', limiter: { label: 'in the queue', levels }, server: undefined, allowed: [] });
}

function chart(parts: Omit<Chart, 'most' | 'told'>): Chart {
  const shown = [parts.limiter, parts.server, ...parts.allowed].filter((it) => it !== undefined);
  const told = shown.map(({ label, levels }) => `${label} at most ${figure(greatest(levels))}`);
  return {
    ...parts,
    most: Math.max(1, Math.ceil(Math.max(...shown.map((it) => greatest(it.levels))))),
    told: `${parts.title}: ${told.join('; ')}.`,
  };
}

/** A token bucket holds fractions. */
function figure(level: number): string {
  return String(Math.round(level * 10) / 10);
}

function levelsOf({ samples }: RunRecord, of: (sample: Sample) => number): readonly Level[] {
  return samples.map((sample) => ({ atMs: sample.atMs, level: of(sample) }));
}

function flat(label: string, level: number): { readonly label: string; readonly levels: readonly Level[] } {
  return { label, levels: [{ atMs: 0, level }] };
}
