const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const day = `(?:${days.join('|')})`;
const longDay = `(?:${longDays.join('|')})`;
const month = `(?<month>${months.join('|')})`;
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

const imfFixdate = new RegExp(`^${day}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} GMT$`);
const rfc850 = new RegExp(`^${longDay}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} GMT$`);
const asctime = new RegExp(`^${day} ${month} (?<day>\\d\\d| \\d) ${time} (?<year>\\d{4})$`);

/** How far ahead a two-digit year may lie. */
const yearsAhead = 50;

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/**
 * Reads an HTTP-date (RFC 9110, 5.6.7) and returns it in ms since 1970; undefined: it is none.
 *
 * All three forms are read, to the letter: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`,
 * `Sun Nov  6 08:49:37 1994`. The name of the day has to be one, but is not compared with the date.
 * A two-digit year is the latest one that is not more than 50 years after `nowEpochMs`. A leap second (60) is read
 * at 23:59 in every form, and at any minute in the first, which is the only one that is still sent.
 */
export function parseHttpDate(value: string, nowEpochMs: number): number | undefined {
  const fixdate = fieldsOf(imfFixdate, value);
  if (fixdate !== undefined) return instantOf(fixdate, true);
  const unix = fieldsOf(asctime, value);
  if (unix !== undefined) return instantOf(unix, false);
  const short = fieldsOf(rfc850, value);
  return short && withCentury(short, nowEpochMs);
}

function fieldsOf(form: RegExp, value: string): Fields | undefined {
  const groups = form.exec(value)?.groups;
  if (groups === undefined) return undefined;
  return {
    year: Number(groups['year']),
    month: months.indexOf(groups['month'] ?? ''),
    day: Number(groups['day']),
    hour: Number(groups['hour']),
    minute: Number(groups['minute']),
    second: Number(groups['second']),
  };
}

/** Undefined where there is no such day or time: 30 February, 24:00. */
function instantOf(fields: Fields, leapSecondAnywhere: boolean): number | undefined {
  const { year, month, day, hour, minute, second } = fields;
  const leapSecond = second === 60 && (leapSecondAnywhere || (hour === 23 && minute === 59));
  if (hour > 23 || minute > 59 || (second > 59 && !leapSecond)) return undefined;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month, day);
  if (midnight.getUTCDate() !== day) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000;
}

function withCentury(fields: Fields, nowEpochMs: number): number | undefined {
  const horizon = new Date(nowEpochMs);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + yearsAhead);
  const century = Math.floor(horizon.getUTCFullYear() / 100) * 100;
  return [century, century - 100]
    .map((base) => instantOf({ ...fields, year: base + fields.year }, false))
    .find((atMs) => atMs !== undefined && atMs <= horizon.getTime());
}
