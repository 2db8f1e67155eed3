import fc from 'fast-check';
import type { Field, Value } from '../../docs/playground/fields.js';
import { defaults, fields, names, type Name, type Settings } from '../../docs/playground/scenario.js';

/** Whatever may be set. */
export const anySettings = settingsWithin({});

/** What a run gets through soon: no more than a few items, and limits that they meet. */
export const soonRun = settingsWithin({
  items: [1, 25],
  perMinute: [1, 600],
  burstSize: [1, 20],
  burstEveryMs: [1_000, 30_000],
  taskMinMs: [0, 10_000],
  taskMaxMs: [0, 10_000],
  slowMaxMs: [0, 60_000],
  limit: [1, 12],
  intervalMs: [1_000, 20_000],
  evenLimit: [1, 12],
  evenIntervalMs: [1_000, 20_000],
  bucketSize: [1, 12],
  bucketRefill: [1, 12],
  bucketIntervalMs: [1_000, 20_000],
  slotCount: [1, 6],
  adaptiveMax: [1, 12],
  adaptiveInitial: [1, 12],
  serverLimit: [1, 12],
  serverIntervalMs: [1_000, 20_000],
  serverSlotCount: [1, 6],
  latencyMinMs: [0, 2_000],
  latencyMaxMs: [0, 2_000],
  othersPerMinute: [0, 30],
  outageFromMs: [0, 30_000],
  outageForMs: [0, 30_000],
  baseMs: [500, 5_000],
  capMs: [500, 30_000],
});

/** Nothing between us and what is limited: no way, no troubles, nobody else, and a server that takes all. */
export const untroubled = {
  serverWindow: false,
  serverSlots: false,
  latencyMinMs: 0,
  latencyMaxMs: 0,
  faultShare: 0,
  outageForMs: 0,
  othersPerMinute: 0,
} satisfies Partial<Settings>;

/** No limit but those that are then set. */
export const unlimited = { window: false, evenly: false, bucket: false, slots: false, adaptive: false, headroom: 0 };

export function settings(changes: Partial<Settings>): Settings {
  return { ...defaults, ...changes };
}

/** The most instants in any half-open window, by trying each as its start. */
export function mostWithin(instants: readonly number[], intervalMs: number): number {
  const from = (startMs: number): number =>
    instants.filter((atMs) => atMs >= startMs && atMs - startMs < intervalMs).length;
  return Math.max(0, ...instants.map(from));
}

function settingsWithin(ranges: Partial<Record<Name, readonly [number, number]>>): fc.Arbitrary<Settings> {
  const values = names.map((name) => [name, valueOf(fields[name], ranges[name])] as const);
  return fc.record(Object.fromEntries(values)).map((drawn) => reconciled(drawn as unknown as Settings));
}

function valueOf(field: Field, range?: readonly [number, number]): fc.Arbitrary<Value> {
  if (field.kind === 'switch') return fc.boolean();
  if (field.kind === 'choice') return fc.constantFrom(...field.choices);
  const [min, max] = range ?? [field.min, field.max];
  return fc.integer({ min, max });
}

/** What would contradict itself, put right. */
function reconciled(drawn: Settings): Settings {
  const { taskMinMs, taskMaxMs, slowMaxMs, latencyMinMs, latencyMaxMs, adaptiveInitial, adaptiveMax } = drawn;
  return {
    ...drawn,
    taskMinMs: Math.min(taskMinMs, taskMaxMs),
    taskMaxMs: Math.max(taskMinMs, taskMaxMs),
    slowMaxMs: Math.max(slowMaxMs, taskMinMs, taskMaxMs),
    latencyMinMs: Math.min(latencyMinMs, latencyMaxMs),
    latencyMaxMs: Math.max(latencyMinMs, latencyMaxMs),
    adaptiveInitial: Math.min(adaptiveInitial, adaptiveMax),
  };
}
