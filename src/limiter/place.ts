import { OptionsError } from '../errors.js';

/** Where work stands among others. One object can serve all the work of a stream. */
export interface Place {
  /** Whose work it is: between keys the limiter is fair. Any value, compared as a Map does. */
  readonly key: unknown;
  /** The key's share beside others, more than 0. */
  readonly weight: number;
  /** Work of a higher priority goes before all of a lower one. */
  readonly priority: number;
}

/** Nobody's in particular. */
export const commonPlace: Place = { key: undefined, weight: 1, priority: 0 };

/** @throws OptionsError */
export function placeOf(options: {
  readonly key?: unknown;
  readonly weight?: number;
  readonly priority?: number;
}): Place {
  const { key, weight = 1, priority = 0 } = options;
  if (key === undefined && weight === 1 && priority === 0) return commonPlace;
  if (!(weight > 0 && weight < Infinity))
    throw new OptionsError(`weight: must be more than 0 (got ${weight})`, 'weight');
  if (!(priority >= -Infinity)) throw new OptionsError(`priority: must be a number (got ${priority})`, 'priority');
  return { key, weight, priority };
}
