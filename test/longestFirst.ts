import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest: first what mostly waits, as the linter computes beside it. */
const longest = [
  'redis/sharingPolicies',
  'chaos/chaos',
  'bin/terminal',
  'redis/sharingFaults',
  'redis/journalProcesses',
  'docs/site',
  'examples/streamingBackendPage',
  'bin/resume',
  'bin/badInput',
  'examples/streamingBackend',
  'package/newUser',
  'bin/generate',
  'bin/interrupts',
  'simulation/simulation',
].map((name) => `/test/${name}.test.ts`);

/** So that nothing long is left over, with the other workers idle. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
