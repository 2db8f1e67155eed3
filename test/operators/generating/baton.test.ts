import { take } from 'rxjs';
import { expect, it } from 'vitest';
import { Baton } from '../../../operators/generating/baton.js';

it('goes to one at a time, the longest waiting first, and to nobody who has left', () => {
  const baton = new Baton();
  const told: string[] = [];
  const wait = (name: string) => baton.turn$.pipe(take(1)).subscribe(() => told.push(name));
  baton.pass();
  const [, second] = ['a', 'b', 'c'].map(wait);
  second?.unsubscribe();
  for (const sofar of [['a'], ['a', 'c'], ['a', 'c']]) {
    baton.pass();
    expect(told).toEqual(sofar);
  }
});

it('passes on from one who still listens', () => {
  const baton = new Baton();
  const told: string[] = [];
  for (const name of ['a', 'b']) baton.turn$.subscribe(() => told.push(name));
  for (let turn = 0; turn < 3; turn += 1) baton.pass();
  expect(told).toEqual(['a', 'b']);
});
