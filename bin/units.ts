import { calendarOf } from '../src/limits/calendarDay.js';
import { UsageError } from './usageError.js';

/** At most `limit` requests in any window of `intervalMs`. */
export interface Rate {
  readonly limit: number;
  readonly intervalMs: number;
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
};

/** Reads a span such as `500ms`, `10s`, `1.5m` or `2h`, in ms. @throws UsageError */
export function parseDuration(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text) ?? [];
  const ms = Number(number) * (unitMs[unit] ?? Number.NaN);
  if (number === '' || !(ms > 0 && Number.isSafeInteger(Math.ceil(ms)))) {
    throw new UsageError('must be a time of more than 0, like 500ms, 10s, 60m or 2h');
  }
  return ms;
}

/** Reads how long tasks take: a span, or two with a dash between them, such as `60s-3m`. @throws UsageError */
export function parseTaskTime(text: string): { readonly min: number; readonly max: number } {
  const [shortest = '', longest = shortest, ...more] = text.split('-');
  const [min, max] = [parseDuration(shortest), parseDuration(longest)];
  if (more.length > 0 || min > max) throw new UsageError('must be a time, or a shorter and a longer one, like 60s-3m');
  return { min, max };
}

/** Reads the name of a time zone. @throws UsageError */
export function parseTimeZone(text: string): string {
  try {
    calendarOf(text);
    return text;
  } catch (error) {
    throw new UsageError('must be an IANA time zone, such as Europe/Berlin', { cause: error });
  }
}

/** A year: after some rates of longer times no calendar has a date any more, nor has the clock a next instant. */
const longestIntervalMs = 366 * 24 * 3_600_000;

/** Reads a rate such as `30/60s`, `30/min` or `5/1s`, or `off`. @throws UsageError */
export function parseRate(text: string): Rate | 'off' {
  if (text === 'off') return 'off';
  const [, limit = '', number = '', unit = ''] = /^(\d+)\/(\d+(?:\.\d+)?)?([a-z]+)$/.exec(text) ?? [];
  const intervalMs = Number(number === '' ? 1 : number) * (unitMs[unit] ?? Number.NaN);
  if (!isCount(limit) || !(intervalMs > 0 && intervalMs <= longestIntervalMs)) {
    throw new UsageError(
      'must be a number of requests, at least 1, in a time of up to a year, like 30/60s, 30/min or 5/1s; or off',
    );
  }
  return { limit: Number(limit), intervalMs };
}

/** Reads a whole number of at least 1. @throws UsageError */
export function parseCount(text: string): number {
  if (!isCount(text)) throw new UsageError('must be a whole number of at least 1');
  return Number(text);
}

/** Reads the same, or `auto`. @throws UsageError */
export function parseCountOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  if (!isCount(text)) throw new UsageError('must be a whole number of at least 1, or auto');
  return Number(text);
}

/** Reads a whole number of at least 0. @throws UsageError */
export function parseNatural(text: string): number {
  if (text !== '0' && !isCount(text)) throw new UsageError('must be a whole number of at least 0');
  return Number(text);
}

/** Reads a number of credits, or `off`. @throws UsageError */
export function parseCredits(text: string): number | 'off' {
  if (text === 'off') return 'off';
  if (!isPositive(text)) throw new UsageError('must be a number of credits of more than 0, or off');
  return Number(text);
}

/** Reads a number of credits. @throws UsageError */
export function parseBudget(text: string): number {
  if (!isPositive(text)) throw new UsageError('must be a number of credits of more than 0');
  return Number(text);
}

/** Reads a factor of more than 0. @throws UsageError */
export function parseSpeed(text: string): number {
  if (!isPositive(text)) throw new UsageError('must be a number of more than 0');
  return Number(text);
}

/** A number for people: `1,797`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** A span for people: `0.4 s`, `12.3 s`, `7 min 31 s`, `2 h 5 min`, `1 min`. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 'min', 's');
  return twoUnits(Math.round(seconds / 60), 'h', 'min');
}

/** A span in the least room: `0:34`, `12:05`, `1:02:03`. */
export function formatTicking(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const head = hours > 0 ? `${hours}:${twoDigits(minutes)}` : String(minutes);
  return `${head}:${twoDigits(seconds % 60)}`;
}

function twoUnits(value: number, greater: string, smaller: string): string {
  const rest = value % 60;
  return `${Math.floor(value / 60)} ${greater}${rest === 0 ? '' : ` ${rest} ${smaller}`}`;
}

function isCount(text: string): boolean {
  return /^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text));
}

function isPositive(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= Number.MAX_SAFE_INTEGER;
}
