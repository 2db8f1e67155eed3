import fc from 'fast-check';
import { beforeEach, inject } from 'vitest';

// The same draws in each run, so that a mutant's fate is no matter of luck; the first failure suffices; and a law that holds
// has been tried enough after a second.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- a plugin could only be installed once more for each file
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1, endOnFailure: true, interruptAfterTimeLimit: 1_000 });

// The thread still has the mutant before this one, which is not to be there as the modules load. A static one is set by now.
if (inject('mutantActivation') !== 'static') globalThis.__stryker__.activeMutant = undefined;

// Masses take seconds, and tell of a mutant what single values tell of it.
beforeEach(({ task, skip }) => {
  skip(/no stack|thousand|million|0000 keys/.test(task.name));
});
