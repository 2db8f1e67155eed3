import { systemClock } from '../src/clock.js';

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.schedule(ms, resolve));
}
