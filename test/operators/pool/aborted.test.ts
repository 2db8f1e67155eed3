import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { aborted } from '../../../operators/pool/aborted.js';

it('tells of an abort once, whether it was before or comes after', () => {
  const abort = new AbortController();
  let told = 0;
  const listen = () => aborted(abort.signal).subscribe(() => (told += 1));
  listen();
  expect(told).toBe(0);
  abort.abort();
  abort.signal.dispatchEvent(new Event('abort'));
  expect(told).toBe(1);
  listen();
  expect(told).toBe(2);
});

it('tells nobody who has left, and no longer listens', () => {
  const abort = new AbortController();
  let told = 0;
  aborted(abort.signal)
    .subscribe(() => (told += 1))
    .unsubscribe();
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  abort.abort();
  expect(told).toBe(0);
});
