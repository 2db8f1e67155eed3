/** How much rounding may have added to a sum of fractions, as a share of what it is compared with. */
export const rounding = 1e-12;

/** Whether a sum is within a limit, but for what rounding has added to it: 3 times 1.1 comes out at more than 3.3. */
export function fits(sum: number, limit: number): boolean {
  return excess(sum, limit) <= 0;
}

/** By how much a sum is over a limit, not counting what rounding may have added to it. */
export function excess(sum: number, limit: number): number {
  return sum - limit * (1 + rounding);
}
