import type { Cancel } from '../operators/index.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `first` at the first Ctrl-C (or SIGTERM, or SIGHUP), and `again` at each later one, until it is cancelled. */
export function onInterrupt(first: () => void, again: () => void): Cancel {
  let isFirst = true;
  const handle = (): void => {
    const act = isFirst ? first : again;
    isFirst = false;
    act();
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
