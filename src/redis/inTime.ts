import type { Clock } from '../clock.js';

/** From when on a first call that is not answered is made again, in ms. */
export const patienceMs = 5_000;

/** How long the client may say nothing to a call, by how often it has been made before: twice as long each time, in ms. */
export function patienceOf(attempt: number, baseMs: number): number {
  return baseMs * 2 ** Math.min(attempt, 4);
}

/**
 * What a call comes to. A client can lose one without a word, as one of a cluster does whose master is replaced: whoever
 * makes calls that can be repeated makes it again.
 *
 * @throws (rejects with) what the call does, or an Error that names `ms` where it does nothing for so long
 */
export function inTime<T>(call: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(ms, () => reject(new Error(`no answer within ${ms} ms`)));
    void call.then(resolve, reject).finally(cancel);
  });
}
