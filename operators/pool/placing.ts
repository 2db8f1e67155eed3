import * as z from 'zod/mini';
import { commonPlace, placeOf, type Place } from '../../src/limiter/place.js';
import { callback } from '../../src/options.js';

/** Where a value stands among others in a shared limiter. */
export interface PlacingOptions<T> {
  /** Whose value it is: between keys the limiter is fair. @defaultValue nobody's in particular */
  readonly key?: (value: T) => unknown;
  /** The share of the value's key beside others, more than 0. @defaultValue 1 */
  readonly weight?: (value: T) => number;
  /** Values of a higher priority go before all of a lower one. @defaultValue 0 */
  readonly priority?: (value: T) => number;
}

export const placingShape = {
  key: z.optional(callback<(value: unknown) => unknown>()),
  weight: z.optional(callback<(value: unknown) => number>()),
  priority: z.optional(callback<(value: unknown) => number>()),
};

/** One function for all three; the same place for every value where none is given. */
export function placing<T>(options: {
  readonly key?: ((value: T) => unknown) | undefined;
  readonly weight?: ((value: T) => number) | undefined;
  readonly priority?: ((value: T) => number) | undefined;
}): (value: T) => Place {
  const { key, weight, priority } = options;
  if (key === undefined && weight === undefined && priority === undefined) return () => commonPlace;
  return (value) =>
    placeOf({
      key: key?.(value),
      ...(weight && { weight: weight(value) }),
      ...(priority && { priority: priority(value) }),
    });
}
