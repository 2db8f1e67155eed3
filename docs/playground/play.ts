import { nextTurn } from '../../src/clock.js';
import type { RunRecord } from './record.js';
import { mostSteps, Run } from './run.js';
import type { Settings } from './scenario.js';

/** How long a page may stand still, in ms: half a frame. */
const sliceMs = 8;

/** A run in slices, between which the page lives on; undefined once the signal has fired. */
export async function play(settings: Settings, signal: AbortSignal): Promise<RunRecord | undefined> {
  const run = new Run(settings, mostSteps);
  let untilMs = performance.now() + sliceMs;
  while (run.step()) {
    if (performance.now() < untilMs) continue;
    await nextTurn();
    if (signal.aborted) return undefined;
    untilMs = performance.now() + sliceMs;
  }
  return run.record();
}
