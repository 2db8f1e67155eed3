/** A source of numbers, evenly spread over [0, 1). */
export type Random = () => number;

/** A repeatable source: the same `seed` (any number, its lower 32 bits count) gives the same numbers. mulberry32, by Tommy Ettinger. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A draw, evenly spread over [min, max). */
export function between(min: number, max: number, random: Random): number {
  return min + (max - min) * random();
}

/** One of `items`, each as likely as the others. */
export function oneOf<T>(items: readonly [T, ...T[]], random: Random): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}
