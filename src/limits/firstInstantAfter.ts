/** Every finite number in JavaScript is a whole multiple of 2^-1074; instants are told apart down to 2^-74 ms. */
const finest = 1074n;
const coarser = 1000n;

/** Beyond it an instant has no room for that many digits, and nobody waits so long. */
const farthestMs = 2 ** 900;

/**
 * The first instant that is not before `fromMs + units * unitsMs / perUnits`: computed in whole numbers and rounded
 * once, upwards. So neither years nor millions of steps bring it out by more than the last bit of the instant itself.
 */
export function firstInstantAfter(fromMs: number, units: number, unitsMs: number, perUnits: number): number {
  const roughMs = fromMs + (units * unitsMs) / perUnits;
  if (!(Math.abs(roughMs) < farthestMs)) return roughMs;
  const exactMs = exactly(fromMs) + dividedUp(exactly(units) * exactly(unitsMs), exactly(perUnits));
  const nearestMs = Number(exactMs >> coarser) / 2 ** Number(finest - coarser);
  return exactly(nearestMs) < exactMs ? nextAfter(nearestMs) : nearestMs;
}

/** `value` in multiples of 2^-1074. */
function exactly(value: number): bigint {
  let whole = value;
  let shift = finest;
  for (; !Number.isInteger(whole); whole *= 2) shift--;
  return BigInt(whole) << shift;
}

function dividedUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** The next number up. */
function nextAfter(value: number): number {
  // Between 3/4 and 3/2 of the last bit: added, it rounds to one.
  return value + Math.max(Math.abs(value) * 0.75 * Number.EPSILON, 2 ** -74);
}
