import { isSent } from './figures.js';
import type { ItemRecord, RunRecord } from './record.js';
import type { Settings } from './scenario.js';

/** Which row of the drawing each request is in. */
export interface Rows {
  readonly count: number;
  /** By the item's place in the record, and the number of the try. */
  rowOf(item: number, attempt: number): number;
  /** The item that is in a row at an instant, by its place in the record; the next to it where none is. */
  itemAt(row: number, atMs: number): number;
}

export function rowsOf(record: RunRecord, { rows }: Settings): Rows {
  return rows === 'slot' ? slotRows(record.items) : itemRows(record.items);
}

/** Each user's items together, in the order in which they came. */
function itemRows(items: readonly ItemRecord[]): Rows {
  const order = items
    .map((_, index) => index)
    .sort((one, other) => (items[one]?.user ?? 0) - (items[other]?.user ?? 0));
  const rows = new Map(order.map((item, row) => [item, row]));
  const lastRow = items.length - 1;
  return {
    count: items.length,
    rowOf: (item) => rows.get(item) ?? 0,
    itemAt: (row) => order[Math.min(lastRow, Math.max(0, Math.floor(row)))] ?? 0,
  };
}

interface Stay {
  readonly item: number;
  readonly attempt: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Each request in the first row that is free as it is sent: as many rows as requests were out at once. */
function slotRows(items: readonly ItemRecord[]): Rows {
  const stays = items
    .flatMap((item, index) => item.tries.map((it, attempt) => ({ item: index, attempt, it })))
    .filter(({ it }) => isSent(it))
    .map(({ item, attempt, it }): Stay => ({ item, attempt, fromMs: it.sentAtMs, toMs: it.answeredAtMs }))
    .sort((one, other) => one.fromMs - other.fromMs);
  const lanes: Stay[][] = [];
  const rows = new Map<string, number>();
  for (const stay of stays) {
    const free = lanes.findIndex((lane) => (lane.at(-1)?.toMs ?? 0) <= stay.fromMs);
    const row = free === -1 ? lanes.push([]) - 1 : free;
    lanes[row]?.push(stay);
    rows.set(`${stay.item}/${stay.attempt}`, row);
  }
  return {
    count: Math.max(1, lanes.length),
    rowOf: (item, attempt) => rows.get(`${item}/${attempt}`) ?? 0,
    itemAt: (row, atMs) => nearest(lanes[Math.floor(row)] ?? lanes[0] ?? [], atMs)?.item ?? 0,
  };
}

function nearest(lane: readonly Stay[], atMs: number): Stay | undefined {
  const distance = ({ fromMs, toMs }: Stay): number => Math.max(fromMs - atMs, atMs - toMs, 0);
  return lane.reduce<Stay | undefined>(
    (best, stay) => (best === undefined || distance(stay) < distance(best) ? stay : best),
    undefined,
  );
}
