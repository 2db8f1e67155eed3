import { vi } from 'vitest';

/** Looks until there is something; a loaded machine may take far longer than the second that vitest waits. */
export function until<T>(look: () => T | Promise<T>, everyMs = 2): Promise<Exclude<T, false | null | undefined>> {
  return vi.waitUntil(look, { timeout: 100_000, interval: everyMs }) as never;
}
