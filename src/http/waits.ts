/** A wait of over 280,000 years is a mistake: an instant that far off is no exact number any more. */
export function exactMs(delayMs: number): number | undefined {
  return Number.isSafeInteger(delayMs) ? delayMs : undefined;
}

/** The longest of the waits that could be read: each is a floor. Undefined where there is none. */
export function longest(delays: readonly (number | undefined)[]): number | undefined {
  const readable = delays.filter((delayMs) => delayMs !== undefined);
  return readable.length === 0 ? undefined : readable.reduce((one, other) => Math.max(one, other));
}
