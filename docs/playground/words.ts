/** A time in a few figures: `0.35 s`, `12.4 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${trimmed(ms / 1_000, 2)} s`;
  // What would round to a minute is one.
  if (ms < 59_950) return `${trimmed(ms / 1_000, 1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return parts(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / 60_000);
  return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** A length of a window, exactly: `60 s`, `0.5 s`. */
export function inTime(ms: number): string {
  return `${ms / 1_000} s`;
}

/** One thing or several: `1 item`, `3 items`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), words.at(-1) ?? ''].filter((it) => it !== '').join(' and ');
}

export function userName(user: number): string {
  return 'ABCD'.charAt(user);
}

function trimmed(figure: number, digits: number): string {
  return String(Number(figure.toFixed(digits)));
}

function parts(most: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${most} ${unit}` : `${most} ${unit} ${rest} ${smaller}`;
}
