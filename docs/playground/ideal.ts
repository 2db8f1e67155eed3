import { ratesOf } from './limits.js';
import type { Settings } from './scenario.js';
import type { Item } from './workload.js';

/**
 * The least time that these arrivals need under the limits alone: with a network that takes no time, and nothing ever
 * refused. A bound from below; the greatest of three:
 *
 * - the longest way of one item that never waits;
 * - rates: the last start, where each goes as soon as the rates let it, and the shortest work after it;
 * - slots: whatever comes from an instant on must be worked off by that many from there on.
 */
export function idealMs(items: readonly Item[], settings: Settings): number {
  const aloneMs = Math.max(...items.map((it) => it.arrivesAtMs + it.takesMs));
  const shortestMs = Math.min(...items.map((it) => it.takesMs));
  return Math.max(aloneMs, lastStartMs(items, settings) + shortestMs, workedOffMs(items, slotsIn(settings)));
}

function lastStartMs(items: readonly Item[], settings: Settings): number {
  // The library's own limits, asked without a limiter. What ends as it starts counts from its start.
  const limits = ratesOf({ ...settings, headroom: 0 });
  let nowMs = 0;
  for (const { arrivesAtMs } of items) {
    const passesAtMs = (fromMs: number): number => Math.max(fromMs, ...limits.map((it) => it.earliest(1, fromMs)));
    nowMs = Math.max(nowMs, arrivesAtMs);
    while (passesAtMs(nowMs) > nowMs) nowMs = passesAtMs(nowMs);
    for (const limit of limits) {
      limit.take(1, nowMs);
      limit.release(1, nowMs, nowMs, 'succeeded');
    }
  }
  return nowMs;
}

function slotsIn({ slots, slotCount, adaptive, adaptiveMax }: Settings): number {
  return Math.min(slots ? slotCount : Infinity, adaptive ? adaptiveMax : Infinity);
}

function workedOffMs(items: readonly Item[], slots: number): number {
  let leftMs = 0;
  let latestMs = 0;
  for (const { arrivesAtMs, takesMs } of items.toReversed()) {
    leftMs += takesMs;
    latestMs = Math.max(latestMs, arrivesAtMs + leftMs / slots);
  }
  return latestMs;
}
