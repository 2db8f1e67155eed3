import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positive } from '../options.js';
import { calendarOf, type CalendarDay } from './calendarDay.js';
import { fits } from './fits.js';
import type { Limit, LimitFigures, Usage } from './limit.js';

export interface DailyQuotaOptions {
  /** What may be spent in a day, in credits or whatever the costs count; more than 0. */
  readonly limit: number;
  /**
   * The IANA time zone whose midnight gives a new day's quota.
   * @defaultValue 'UTC'
   */
  readonly timeZone?: string;
  /** @defaultValue 'daily quota' */
  readonly name?: string;
}

/** The name of a time zone that the platform knows. */
export const timeZoneName = z.string().check(z.refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin'));

const schema = z.strictObject({
  limit: positive,
  timeZone: z._default(timeZoneName, 'UTC'),
  name: z._default(nonEmpty, 'daily quota'),
});

const changeSchema = z.partial(z.pick(schema, { limit: true }));

/**
 * At most `limit` spent on each date of a time zone's calendar; what is spent stays spent when the work ends.
 * Follows the wall clock: a clock set back finds the spending of the date it shows, so no date is ever spent twice over.
 * `limiter.adjust` settles a date with what its work has really cost, and tells it what an earlier process has spent.
 *
 * @throws OptionsError
 */
export function dailyQuota(options: DailyQuotaOptions): Limit {
  const { limit, timeZone, name } = parseOptions(schema, options, 'dailyQuota');
  return new DailyQuota(name, limit, timeZone);
}

/** How many dates are remembered: a wall clock set back by more than this starts afresh. */
const rememberedDates = 32;

class DailyQuota implements Limit {
  readonly name: string;
  readonly kind = 'quota';
  capacity: number;
  readonly #timeZone: string;
  readonly #dayAt: (epochMs: number) => CalendarDay;
  readonly #spentByDate = new Map<string, number>();
  #today: CalendarDay = { date: '', fromMs: Infinity, untilMs: -Infinity };
  /** The dates that the wall has shown, from one instant of the monotonic clock to another; the newest last. */
  readonly #shown: { readonly date: string; readonly sinceMs: number; untilMs: number }[] = [];
  /** The wall clock's reading less the monotonic one. */
  #wallOffsetMs = 0;

  constructor(name: string, capacity: number, timeZone: string) {
    this.name = name;
    this.capacity = capacity;
    this.#timeZone = timeZone;
    this.#dayAt = calendarOf(timeZone);
  }

  observeWall(epochMs: number, nowMs: number): void {
    this.#wallOffsetMs = epochMs - nowMs;
    const last = this.#shown.at(-1);
    if (last !== undefined && epochMs >= this.#today.fromMs && epochMs < this.#today.untilMs) {
      last.untilMs = nowMs;
      return;
    }
    this.#today = this.#dayAt(epochMs);
    this.#shown.push({ date: this.#today.date, sinceMs: nowMs, untilMs: nowMs });
    if (this.#shown.length > rememberedDates) this.#shown.splice(0, 1);
  }

  earliest(cost: number, nowMs: number): number {
    if (cost === 0 || fits(this.#spentOn(this.#today.date) + cost, this.capacity)) return nowMs;
    return this.#today.untilMs - this.#wallOffsetMs;
  }

  take(cost: number): void {
    this.#spend(this.#today.date, cost);
  }

  release(): void {}

  refund(cost: number, takenAtMs: number): void {
    const date = this.#shownAt(takenAtMs);
    if (date !== undefined) this.#spend(date, -cost);
  }

  /** The date that pays is that of `takenAtMs`: as the wall showed it, or, where nobody looked at it then, by its calendar. */
  adjust(delta: number, takenAtMs: number, nowMs: number): void {
    const date = this.#shownAt(takenAtMs) ?? this.#dateOf(takenAtMs, nowMs);
    if (date === undefined) return;
    if (date !== this.#today.date && !this.#spentByDate.has(date)) this.#recall(date);
    this.#spend(date, delta);
  }

  usage(): Usage {
    const resetsAtMs = this.#today.untilMs - this.#wallOffsetMs;
    return { used: this.#spentOn(this.#today.date), capacity: this.capacity, resetsAtMs };
  }

  /** What was spent is remembered for a day longer: a wall that is set back a little at midnight shows that date again. */
  isAtRest(nowMs: number): boolean {
    const yesterday = this.#dayAt(nowMs + this.#wallOffsetMs - 86_400_000).date;
    return this.#spentOn(this.#today.date) === 0 && this.#spentOn(yesterday) === 0;
  }

  update(change: unknown): void {
    this.capacity = parseOptions(changeSchema, change, `update of "${this.name}"`).limit ?? this.capacity;
  }

  copy(): DailyQuota {
    const copy = new DailyQuota(this.name, this.capacity, this.#timeZone);
    for (const [date, spent] of this.#spentByDate) copy.#spentByDate.set(date, spent);
    copy.#today = this.#today;
    copy.#shown.push(...this.#shown.map((shown) => ({ ...shown })));
    copy.#wallOffsetMs = this.#wallOffsetMs;
    return copy;
  }

  describe(): LimitFigures {
    return { type: 'dailyQuota', limit: this.capacity, timeZone: this.#timeZone };
  }

  /** The date that the wall showed then; undefined before it was seen, and from one date to the next. */
  #shownAt(atMs: number): string | undefined {
    return this.#shown.findLast(({ sinceMs, untilMs }) => sinceMs <= atMs && atMs <= untilMs)?.date;
  }

  /** The date of an instant at which nobody saw the wall; undefined where no wall set back could come to it any more. */
  #dateOf(atMs: number, nowMs: number): string | undefined {
    if (nowMs - atMs > (rememberedDates + 1) * 86_400_000) return undefined;
    return this.#dayAt(atMs + this.#wallOffsetMs).date;
  }

  /** Makes room for a date of the past, before those that came after it: the oldest is forgotten first. */
  #recall(date: string): void {
    const known = [...this.#spentByDate];
    this.#spentByDate.set(date, 0);
    for (const [later, spent] of known) {
      if (later < date) continue;
      this.#spentByDate.delete(later);
      this.#spentByDate.set(later, spent);
    }
  }

  #spentOn(date: string): number {
    return this.#spentByDate.get(date) ?? 0;
  }

  #spend(date: string, cost: number): void {
    this.#spentByDate.set(date, Math.max(0, this.#spentOn(date) + cost));
    const [oldest] = this.#spentByDate.keys();
    if (this.#spentByDate.size > rememberedDates && oldest !== undefined) this.#spentByDate.delete(oldest);
  }
}

function isTimeZone(name: string): boolean {
  try {
    calendarOf(name);
    return true;
  } catch {
    return false;
  }
}
