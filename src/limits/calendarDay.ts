const hourMs = 3_600_000;

/** A day of a time zone's calendar, as instants of the wall clock. */
export interface CalendarDay {
  /** The date there, as `2026-03-29`. */
  readonly date: string;
  /** An instant from which on the date is known to hold: one that was asked about. */
  readonly fromMs: number;
  /** The first instant of the next date. */
  readonly untilMs: number;
}

/**
 * Reads the calendar of an IANA time zone. Days of 23 and 25 hours, days that begin at 01:00 and skipped dates come out
 * right, since the end of a day is found as the instant at which the date changes, never by adding 24 hours.
 *
 * @throws RangeError for a zone that the platform does not know.
 */
export function calendarOf(timeZone: string): Calendar {
  const known = calendars.get(timeZone) ?? newCalendar(timeZone);
  calendars.set(timeZone, known);
  return known;
}

/** Finds the day that an instant belongs to. */
export type Calendar = (epochMs: number) => CalendarDay;

/** By zone: making one, and finding where a day ends, takes long for thousands of keys with a quota each. */
const calendars = new Map<string, Calendar>();

/** How many days are remembered: what is settled is of yesterday and of today in turn. */
const rememberedDays = 2;

function newCalendar(timeZone: string): Calendar {
  /** The last asked about first. */
  let known: readonly CalendarDay[] = [];
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const dateAt = (epochMs: number): string => format.format(epochMs);
  return (epochMs) => {
    const found = known.find(({ fromMs, untilMs }) => epochMs >= fromMs && epochMs < untilMs);
    if (found !== undefined) return found;
    const date = dateAt(epochMs);
    const others = known.filter((day) => day.date !== date);
    const same = known.find((day) => day.date === date && epochMs < day.fromMs);
    const day = { date, fromMs: epochMs, untilMs: same?.untilMs ?? endOf(date, epochMs) };
    known = [day, ...others].slice(0, rememberedDays);
    return day;
  };

  function endOf(date: string, epochMs: number): number {
    // Dates change on whole milliseconds, and halving fractions would never come to an end.
    let sameMs = Math.floor(epochMs);
    let otherMs = sameMs + hourMs;
    while (dateAt(otherMs) === date) otherMs += hourMs;
    while (otherMs - sameMs > 1) {
      const middleMs = Math.floor((sameMs + otherMs) / 2);
      if (dateAt(middleMs) === date) sameMs = middleMs;
      else otherMs = middleMs;
    }
    return otherMs;
  }
}
