import * as z from 'zod';

/** The names under which an entry of a bill may have its amount; the first that is there counts. */
const amountNames = [
  'amount',
  'final_unit_deduction',
  'unit_deduction',
  'deduction',
  'units',
  'credits',
  'quantity',
] as const;

const entry = z.record(z.string(), z.unknown());
/** Decimal places of a sum: what lies behind them is the error of adding. */
const places = 6;

/**
 * The credits of a bill: the sum of its entries, each a number, a decimal in a string, or an object with one under a
 * likely name. Undefined where nothing is billed, or where an entry cannot be read: a part of a sum is not the sum.
 *
 * Kling's page does not show an entry. What is given back may stand as an amount below 0.
 */
export function creditsBilled(billing: unknown): number | undefined {
  const entries = Array.isArray(billing) ? billing : [billing];
  let sum = 0;
  for (const each of entries) {
    const amount = amountOf(each);
    if (amount === undefined) return undefined;
    sum += amount;
  }
  if (entries.length === 0 || sum < 0 || !Number.isFinite(sum)) return undefined;
  return Number(sum.toFixed(places));
}

function amountOf(each: unknown): number | undefined {
  const { data: fields } = entry.safeParse(each);
  if (fields === undefined) return signed(each);
  const name = amountNames.find((known) => Object.hasOwn(fields, known));
  return name === undefined ? undefined : signed(fields[name]);
}

function signed(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}
