import { calendarOf } from '../../limits/calendarDay.js';

const hourMs = 3_600_000;

/** A day of a zone: the zone, its date, and between which instants of the wall it holds, in ms. */
export type Day = readonly [zone: string, date: string, fromMs: number, untilMs: number];

/** The days around now in the zones of some quotas: Redis knows no calendar. */
export class Days {
  readonly #zones = new Set<string>();
  #known: Day[] = [];
  #fromMs = Infinity;
  #untilMs = -Infinity;

  addZone(zone: string): void {
    if (this.#zones.has(zone)) return;
    this.#zones.add(zone);
    this.#untilMs = -Infinity;
  }

  dateOf(zone: string, epochMs: number): string {
    return calendarOf(zone)(epochMs).date;
  }

  /** From a day before to a day after; undefined where no quota asks for them. */
  around(epochMs: number): readonly Day[] | undefined {
    if (this.#zones.size === 0) return undefined;
    if (epochMs < this.#fromMs || epochMs >= this.#untilMs) {
      this.#known = [...this.#zones].flatMap((zone) => daysOf(zone, epochMs - 36 * hourMs, epochMs + 36 * hourMs));
      this.#fromMs = epochMs - 12 * hourMs;
      this.#untilMs = epochMs + 12 * hourMs;
    }
    return this.#known;
  }
}

function daysOf(zone: string, fromMs: number, untilMs: number): Day[] {
  const days: Day[] = [];
  for (let atMs = fromMs; atMs < untilMs;) {
    const day = calendarOf(zone)(atMs);
    days.push([zone, day.date, atMs, day.untilMs]);
    atMs = day.untilMs;
  }
  return days;
}
