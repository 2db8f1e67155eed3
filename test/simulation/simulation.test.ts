import { describe, expect, it } from 'vitest';
import { runs } from '../runs.js';
import { scenarioOf } from './scenario.js';
import { World } from './world.js';

/** `SLUICE_SEED=1234` runs that one alone; `SLUICE_RUNS=100` a hundred times as many. */
const only = process.env['SLUICE_SEED'];
const first = only === undefined ? 1 : Number(only);
const count = only === undefined ? runs(500).numRuns : 1;

/** What seeds have found, each named by what went wrong then. */
const regressions: readonly (readonly [number, string])[] = [
  [9_447, 'what an earlier run meant to send took the slot of a task that ran'],
  [7_500, 'a lost task was sent beside as many adopted ones as there are slots'],
  [65_012, 'a task was taken to be absent while the request of the process killed a moment ago was still on its way'],
  [63_726, 'the same, of a request that had been sent anew long after its intent'],
];

describe('a run that is killed again and again', () => {
  it.each(regressions)('should never go wrong again as it did with seed %i: %s', async (seed) => {
    await new World(scenarioOf(seed)).run();
  });

  it(`should always pay once and lose nothing, whatever goes wrong (${count} seeds from ${first})`, async () => {
    const failed: string[] = [];
    for (let seed = first; seed < first + count && failed.length < 10; seed++) {
      try {
        await new World(scenarioOf(seed)).run();
      } catch (error) {
        failed.push(
          `SLUICE_SEED=${seed}: ${error instanceof Error ? (only === undefined ? error.message : error.stack) : String(error)}`,
        );
      }
    }
    expect(failed).toEqual([]);
  }, 3_600_000);
});
