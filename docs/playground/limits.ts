import {
  adaptiveConcurrency,
  concurrency,
  evenly,
  slidingWindow,
  tokenBucket,
  type Limit,
} from '../../operators/index.js';
import type { Settings } from './scenario.js';
import { inTime } from './words.js';

/** The limits that are set, made anew. */
export function limitsOf(settings: Settings): readonly Limit[] {
  return [...ratesOf(settings), ...slotsOf(settings)];
}

/** Those that time alone lets go on. */
export function ratesOf(settings: Settings): readonly Limit[] {
  const { window, limit, intervalMs, countUntil, headroom } = settings;
  const { evenly: isEven, evenLimit, evenIntervalMs } = settings;
  const { bucket, bucketSize, bucketRefill, bucketIntervalMs } = settings;
  const rates: Limit[] = [];
  if (window) {
    const name = `${limit} in ${inTime(intervalMs)}`;
    rates.push(slidingWindow({ limit, intervalMs, countUntil, headroom: headroom / 100, name }));
  }
  if (isEven) {
    const name = `${evenLimit} in ${inTime(evenIntervalMs)}, evenly`;
    rates.push(evenly({ limit: evenLimit, intervalMs: evenIntervalMs, name }));
  }
  if (bucket) {
    const figures = { capacity: bucketSize, refill: bucketRefill, intervalMs: bucketIntervalMs };
    rates.push(tokenBucket({ ...figures, name: `bucket of ${bucketSize}` }));
  }
  return rates;
}

function slotsOf({ slots, slotCount, adaptive, adaptiveMax, adaptiveInitial }: Settings): readonly Limit[] {
  const found: Limit[] = [];
  if (slots) found.push(concurrency({ limit: slotCount, name: `${slotCount} at once` }));
  if (adaptive) found.push(adaptiveConcurrency({ max: adaptiveMax, initial: adaptiveInitial, name: 'slots found' }));
  return found;
}
