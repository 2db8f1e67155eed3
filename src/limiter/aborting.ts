/** Somebody who gives up when a signal fires. */
export interface Abortable {
  aborted(): void;
}

/** Who waits on which signal. */
const waiting = new WeakMap<AbortSignal, Set<Abortable>>();

/** Calls `aborted` as the signal fires. One listener serves all who wait on a signal: thousands may, and Node warns at ten. */
export function whenAborted(signal: AbortSignal, abortable: Abortable): void {
  const others = waiting.get(signal);
  if (others !== undefined) {
    others.add(abortable);
    return;
  }
  waiting.set(signal, new Set([abortable]));
  signal.addEventListener('abort', abortAll);
}

export function noMoreAborted(signal: AbortSignal, abortable: Abortable): void {
  const all = waiting.get(signal);
  if (all?.delete(abortable) !== true || all.size > 0) return;
  waiting.delete(signal);
  signal.removeEventListener('abort', abortAll);
}

function abortAll(this: AbortSignal): void {
  const all = waiting.get(this) ?? [];
  waiting.delete(this);
  for (const abortable of all) abortable.aborted();
}
