import 'vitest';

/** What Stryker's runner provides to the tests, and where the code that it has instrumented looks for its mutant. */
declare module 'vitest' {
  interface ProvidedContext {
    mode: 'dry-run' | 'mutant';
    mutantActivation: 'static' | 'runtime' | undefined;
  }
}

declare global {
  var __stryker__: { activeMutant: string | undefined };
}
