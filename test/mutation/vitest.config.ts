import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { end, KeptThread } from './keptThread.js';
import { part } from './parts.js';

/** The file that killed the mutant before this one first, then exact cases, then laws, which take longer to fail. */
class KillersFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => this.#rank(a) - this.#rank(b)));
  }

  #rank({ moduleId }: TestSpecification): number {
    const last = this.ctx.cache.getFileTestResults(`:${relative(this.ctx.config.root, moduleId)}`);
    return last?.failed === true ? -1 : (last?.duration ?? 0) + (moduleId.includes('.property.') ? 1e9 : 0);
  }
}

export default defineConfig({
  root: `${import.meta.dirname}/../..`,
  plugins: [
    {
      name: 'kept-thread',
      configureVitest({ vitest, project }) {
        // Stryker names the pool on vitest's command line, so this comes after it.
        project.config.pool = 'kept-thread';
        project.config.poolRunner = { name: 'kept-thread', createPoolWorker: (options) => new KeptThread(options) };
        vitest.onClose(end);
      },
    },
  ],
  test: {
    include: part.tests.map((pattern) => `${pattern}.test.ts`),
    exclude: part.without ?? [],
    setupFiles: [`${import.meta.dirname}/../setup.ts`, `${import.meta.dirname}/setup.ts`],
    sequence: { sequencer: KillersFirst },
    isolate: false,
  },
});
