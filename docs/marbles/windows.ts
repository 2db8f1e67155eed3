import type { Marble, WindowsRow } from './record.js';

/** The windows that begin as a value passes; the fullest of all windows is one of them. */
export function windowsOf(marbles: readonly Marble[], limit: number, intervalMs: number, label: string): WindowsRow {
  const starts = [...new Set(marbles.map(({ atMs }) => atMs))].sort((one, other) => one - other);
  const windows = starts.map((fromMs) => {
    const toMs = fromMs + intervalMs;
    return { fromMs, toMs, sees: marbles.filter(({ atMs }) => atMs >= fromMs && atMs < toMs) };
  });
  return { kind: 'windows', label, limit, windows };
}
