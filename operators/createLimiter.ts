import { createLimiter as createEngineLimiter, type LimiterOptions } from '../src/limiter/createLimiter.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { ambientClock } from './time/clock.js';

/**
 * A limiter over any number of limits, with one queue in front of them. Every operator that it is handed to shares it,
 * and so does everybody who calls its `run` or `acquire`. Without a `clock` it follows the time of the moment: made
 * within `TestScheduler.run`, it is virtual.
 *
 * @throws OptionsError, also for two limits of one name
 */
export function createLimiter(options: LimiterOptions): Limiter {
  return createEngineLimiter({ clock: ambientClock(), ...options });
}
