import * as z from 'zod';
import { lenientText, oneLine } from './answer.js';
import { refused } from './refused.js';
import { decimal, read } from './standards/reading.js';
import type { Question } from './standards/standard.js';

/** A resource pack of the account, as far as Kling describes it. */
export interface KlingPack {
  /** In Kling's words, which tell the slots: "Trial-Video-100Units-5Con-1Months". */
  readonly name: string;
  readonly id?: string;
  readonly type?: string;
  /** `toBeOnline`, `online`, `expired`, `runOut`, or one that is new to us; empty where none is given. */
  readonly status: string;
  /** In units. The amounts lag by up to 12 hours: no guard for a budget. */
  readonly totalQuantity?: number;
  readonly remainingQuantity?: number;
}

/** What a pack pays for: each kind has slots of its own. */
export type KlingPackKind = 'video' | 'image';

/** How far back packs are asked for: a pack that is older has ended. */
const windowMs = 366 * 86_400_000;

const text = lenientText.transform((value) => oneLine(value));
const pack = z
  .object({
    resource_pack_name: text,
    resource_pack_id: text,
    resource_pack_type: text,
    total_quantity: z.unknown().optional(),
    remaining_quantity: z.unknown().optional(),
    status: text,
  })
  .transform(toPack);
/** The data is wrapped a second time, and the list can be absent. */
const costs = z.object({
  code: z.int().nullish(),
  msg: lenientText,
  resource_pack_subscribe_infos: z.array(z.unknown()).nullish(),
});

/** The packs of the last 366 days. */
export function packsQuestion(nowEpochMs: number): Question<readonly KlingPack[]> {
  const end = Math.max(0, Math.floor(nowEpochMs));
  const start = Math.max(0, end - windowMs);
  return {
    path: `/account/costs?start_time=${start}&end_time=${end}`,
    read(data, context) {
      const { code, msg, resource_pack_subscribe_infos: packs } = read(costs, data, context);
      if (code) throw refused(code, oneLine(msg), context);
      return (packs ?? []).flatMap((each) => pack.safeParse(each).data ?? []);
    },
  };
}

/**
 * How many tasks of a kind may run at once: the highest `<n>Con` in the names of the packs that are online. A name that
 * says neither video nor image, or both, counts for either. Undefined where no name tells.
 */
export function concurrencyOf(packs: readonly KlingPack[], kind: KlingPackKind): number | undefined {
  const slots = packs
    .filter(({ status, name }) => status.toLowerCase() === 'online' && isFor(kind, name))
    .flatMap(({ name }) => slotsIn(name) ?? []);
  return slots.length === 0 ? undefined : Math.max(...slots);
}

function isFor(kind: KlingPackKind, name: string): boolean {
  const forVideo = /video/i.test(name);
  const forImage = /image/i.test(name);
  return forVideo === forImage || (kind === 'video' ? forVideo : forImage);
}

/** The 5 of "5Con"; not of "1.5Con", nor of "5Contents". */
function slotsIn(name: string): number | undefined {
  const [, digits] = /(?<![\d.,])0*([1-9]\d{0,5})con(?![a-z])/i.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function toPack(given: {
  readonly resource_pack_name: string;
  readonly resource_pack_id: string;
  readonly resource_pack_type: string;
  readonly total_quantity?: unknown;
  readonly remaining_quantity?: unknown;
  readonly status: string;
}): KlingPack {
  const { resource_pack_name: name, resource_pack_id: id, resource_pack_type: type, status } = given;
  const totalQuantity = decimal(given.total_quantity);
  const remainingQuantity = decimal(given.remaining_quantity);
  return {
    name,
    ...(id !== '' && { id }),
    ...(type !== '' && { type }),
    status,
    ...(totalQuantity !== undefined && { totalQuantity }),
    ...(remainingQuantity !== undefined && { remainingQuantity }),
  };
}
