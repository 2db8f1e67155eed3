import { choice, count, seconds, toggle, type ValueOf } from './fields.js';

/** All that can be set, with ranges and what it is to begin with. The names are those in the address. */
export const fields = {
  items: count('Items', 1, 1_000, 120),
  arrivals: choice('They come', ['at once', 'steadily', 'in bursts', 'by chance'], 'By chance: a Poisson process.'),
  perMinute: count('Items a minute', 1, 6_000, 60),
  burstSize: count('Items in a burst', 1, 500, 20),
  burstEveryMs: seconds('A burst every', 1_000, 3_600_000, 30_000),
  taskMinMs: seconds('Shortest work', 0, 600_000, 500),
  taskMaxMs: seconds('Longest work', 0, 600_000, 3_000),
  slowShare: count('Slow ones', 0, 50, 0, { unit: '%' }),
  slowMaxMs: seconds('Slowest work', 0, 3_600_000, 30_000),
  seed: count('Seed', 0, 9_999, 1, { hint: 'Another seed draws other lengths, latencies, faults and jitter.' }),

  users: count('Users', 1, 4, 1),
  greed: count('Greed of A', 1, 50, 1, { hint: 'Items of A for one of each other.' }),
  fair: toggle('Users take turns', true, 'Off: first come, first served.'),
  weightA: count('Weight of A', 1, 10, 1),
  weightB: count('Weight of B', 1, 10, 1),
  weightC: count('Weight of C', 1, 10, 1),
  weightD: count('Weight of D', 1, 10, 1),

  window: toggle('Sliding window', true),
  limit: count('Limit', 1, 1_000, 30),
  intervalMs: seconds('Window', 1_000, 3_600_000, 60_000),
  countUntil: choice(
    'Counted from its',
    ['end', 'start'],
    'Until when a request counts: an interval after its end, or its start.',
  ),
  headroom: count('Kept free', 0, 90, 0, { unit: '%' }),
  evenly: toggle('Evenly spaced', false),
  evenLimit: count('Even limit', 1, 1_000, 30),
  evenIntervalMs: seconds('Even interval', 1_000, 3_600_000, 60_000),
  bucket: toggle('Token bucket', false),
  bucketSize: count('Bucket size', 1, 1_000, 10),
  bucketRefill: count('Refill', 1, 1_000, 30),
  bucketIntervalMs: seconds('Refilled in', 1_000, 3_600_000, 60_000),
  slots: toggle('Concurrency', false),
  slotCount: count('Slots', 1, 1_000, 3),
  adaptive: toggle('Adaptive concurrency', false, 'Finds the number of slots by what is refused.'),
  adaptiveMax: count('Most slots', 1, 1_000, 20),
  adaptiveInitial: count('First guess', 1, 1_000, 3),

  serverWindow: toggle('Counts requests', true),
  serverLimit: count('Server limit', 1, 1_000, 30),
  serverIntervalMs: seconds('Server window', 1_000, 3_600_000, 60_000),
  tellsWait: toggle('Says how long to wait', true, 'Retry-After, where requests come too fast.'),
  serverSlots: toggle('Has slots', false),
  serverSlotCount: count('Server slots', 1, 1_000, 3),
  latencyMinMs: count('Least latency', 0, 10_000, 20, { unit: 'ms', step: 10 }),
  latencyMaxMs: count('Greatest latency', 0, 10_000, 400, {
    unit: 'ms',
    step: 10,
    hint: 'Of each way, there and back.',
  }),

  othersPerMinute: count("Others' requests", 0, 600, 0, { hint: 'A minute, by chance, on the same account.' }),
  faultShare: count('Answered 503', 0, 90, 0, { unit: '%' }),
  outageForMs: seconds('Length of an outage', 0, 36_000_000, 0),
  outageFromMs: seconds('Outage from', 0, 36_000_000, 0),

  reads: toggle('Refusals are understood', true, 'Too fast: everybody waits. No slot: spends no retry.'),
  maxRetries: count('Retries', 0, 20, 5),
  baseMs: seconds('Base', 100, 60_000, 1_000, 'The first wait, doubled each time.'),
  capMs: seconds('Cap', 100, 600_000, 60_000),
  jitter: choice('Jitter', ['proportional', 'full', 'equal', 'decorrelated', 'none']),

  rows: choice('A row for each', ['item', 'slot']),
};

export type Name = keyof typeof fields;
export type Settings = { readonly [N in Name]: ValueOf<(typeof fields)[N]> };

export const names = Object.keys(fields) as readonly Name[];

export const defaults = Object.fromEntries(names.map((name) => [name, fields[name].initial])) as unknown as Settings;

/** Where a control needs another to be of any use. */
const needs: Readonly<Partial<Record<Name, (settings: Settings) => boolean>>> = {
  perMinute: (it) => it.arrivals === 'steadily' || it.arrivals === 'by chance',
  burstSize: (it) => it.arrivals === 'in bursts',
  burstEveryMs: (it) => it.arrivals === 'in bursts',
  slowMaxMs: (it) => it.slowShare > 0,
  greed: (it) => it.users > 1,
  fair: (it) => it.users > 1,
  weightA: (it) => it.users > 1 && it.fair,
  weightB: (it) => it.users > 1 && it.fair,
  weightC: (it) => it.users > 2 && it.fair,
  weightD: (it) => it.users > 3 && it.fair,
  limit: (it) => it.window,
  intervalMs: (it) => it.window,
  countUntil: (it) => it.window,
  headroom: (it) => it.window,
  evenLimit: (it) => it.evenly,
  evenIntervalMs: (it) => it.evenly,
  bucketSize: (it) => it.bucket,
  bucketRefill: (it) => it.bucket,
  bucketIntervalMs: (it) => it.bucket,
  slotCount: (it) => it.slots,
  adaptiveMax: (it) => it.adaptive,
  adaptiveInitial: (it) => it.adaptive,
  serverLimit: (it) => it.serverWindow,
  serverIntervalMs: (it) => it.serverWindow,
  serverSlotCount: (it) => it.serverSlots,
  tellsWait: (it) => it.serverWindow,
  outageFromMs: (it) => it.outageForMs > 0,
};

export function isOfUse(name: Name, settings: Settings): boolean {
  return needs[name]?.(settings) ?? true;
}

/** The controls by what they are about. */
export const groups: readonly { readonly title: string; readonly names: readonly Name[] }[] = [
  { title: 'Work', names: between('items', 'seed') },
  { title: 'Users', names: between('users', 'weightD') },
  { title: 'Limiter', names: between('window', 'adaptiveInitial') },
  { title: 'Server', names: between('serverWindow', 'latencyMaxMs') },
  { title: 'Troubles', names: between('othersPerMinute', 'outageFromMs') },
  { title: 'Retries', names: between('reads', 'jitter') },
  { title: 'Drawing', names: ['rows'] },
];

function between(first: Name, last: Name): readonly Name[] {
  return names.slice(names.indexOf(first), names.indexOf(last) + 1);
}

/** Why settings that may each stand do not go together; undefined where they do. */
export function contradiction(settings: Settings): string | undefined {
  const { taskMinMs, taskMaxMs, slowShare, slowMaxMs, latencyMinMs, latencyMaxMs } = settings;
  if (taskMinMs > taskMaxMs) return 'The shortest work must not take longer than the longest.';
  if (slowShare > 0 && slowMaxMs < taskMaxMs)
    return 'The slowest work must not take less than the longest of the rest.';
  if (latencyMinMs > latencyMaxMs) return 'The least latency must not be over the greatest.';
  if (settings.adaptive && settings.adaptiveInitial > settings.adaptiveMax) {
    return 'The first guess of the slots must not be over their most.';
  }
  return undefined;
}
