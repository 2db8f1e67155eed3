/** The instrumentation scope of all that sluice measures and traces. */
export const scopeName = 'sluice';
