/** What the process ends with; the help tells it. */
export const exitCodes = { succeeded: 0, failed: 1, usage: 2, interrupted: 130 } as const;
