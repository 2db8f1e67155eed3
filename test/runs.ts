/** How often a property runs; the environment's `SLUICE_RUNS=10` makes it ten times as often. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: count * Number(process.env['SLUICE_RUNS'] ?? 1) };
}
