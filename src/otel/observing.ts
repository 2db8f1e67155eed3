import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import type { Cancel } from '../clock.js';

/** Tells the value of an instrument, for these attributes. */
export type Observe = (instrument: Observable, value: number, attributes: Attributes) => void;

/**
 * Has `observe` called at each collection, until it is cancelled. A collector of cumulative values keeps the last one for
 * ever, so that what is gone would seem to go on: the collection after that tells 0 for all that was told before.
 */
export function observing(
  meter: Meter,
  instruments: readonly Observable[],
  observe: (observe: Observe) => void,
): Cancel {
  const observed = [...instruments];
  let told: Parameters<Observe>[] = [];
  const collect = (result: BatchObservableResult): void => {
    const now: Parameters<Observe>[] = [];
    observe((...observation) => {
      now.push(observation);
      result.observe(...observation);
    });
    told = now;
  };
  const end = (result: BatchObservableResult): void => {
    for (const [instrument, , attributes] of told) result.observe(instrument, 0, attributes);
    meter.removeBatchObservableCallback(end, observed);
  };
  let isOver = false;
  meter.addBatchObservableCallback(collect, observed);
  return () => {
    if (isOver) return;
    isOver = true;
    meter.removeBatchObservableCallback(collect, observed);
    if (told.length > 0) meter.addBatchObservableCallback(end, observed);
  };
}
