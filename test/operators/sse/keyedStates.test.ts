import { take, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { keyedStates, type SseEvent } from '../../../operators/sse/index.js';
import { marbles } from '../marbles.js';
import { record } from '../recording.js';

const brief = ({ id = '', event = '', data }: SseEvent): string => `${id} ${event} ${JSON.stringify(data)}`;

function filled() {
  const states = keyedStates<number>({ epoch: 'e' });
  states.set('a', 1);
  states.set('b', 2);
  states.set('a', 3);
  return states;
}

describe('keyedStates', () => {
  it('has the newest of each key, in the order of the last changes', () => {
    const states = filled();
    states.delete('b');
    expect([states.size, states.get('a'), states.get('b'), states.values()]).toEqual([1, 3, undefined, [3]]);
  });

  it('begins with all there is, and goes on with what changes', () => {
    const states = filled();
    const recording = record(states.since());
    states.set('b', 4);
    expect(states.delete('a')).toBe(true);
    expect(states.delete('a')).toBe(false);
    expect(recording.values.map(brief)).toEqual(['e-2 state 2', 'e-3 state 3', 'e-4 state 4', 'e-5 gone {"key":"a"}']);
  });

  it('begins with what has changed since, each key once', () => {
    const states = filled();
    states.delete('a');
    expect(record(states.since('e-1')).values.map(brief)).toEqual(['e-2 state 2', 'e-4 gone {"key":"a"}']);
    expect(record(states.since('e-2')).values.map(brief)).toEqual(['e-4 gone {"key":"a"}']);
    expect(record(states.since('e-4')).values).toEqual([]);
  });

  it('tells what has gone and what has changed since in the order in which that was: it may break off between', () => {
    const states = filled();
    states.delete('a');
    states.set('b', 5);
    expect(record(states.since('e-3')).values.map(brief)).toEqual(['e-4 gone {"key":"a"}', 'e-5 state 5']);
  });

  it('says nothing of a going that a coming back has overtaken', () => {
    const states = filled();
    states.delete('a');
    states.set('a', 5);
    expect(record(states.since('e-1')).values.map(brief)).toEqual(['e-2 state 2', 'e-5 state 5']);
  });

  it.each(['other-1', 'e-99', 'e-', 'e', '', 'e-1-2', 'e--1', 'e-1e3', 'e-e-1', '<script>'])(
    'begins anew after %j',
    (id) => {
      expect(record(filled().since(id)).values.map(brief)).toEqual(['e-0 reset null', 'e-2 state 2', 'e-3 state 3']);
    },
  );

  it('begins anew where what has gone since is forgotten', () => {
    const states = keyedStates<number>({ epoch: 'e', maxKeys: 1 });
    for (const key of ['a', 'b', 'c']) states.set(key, 1);
    expect(states.values()).toHaveLength(1);
    expect(record(states.since('e-2')).values.map(brief)).toEqual(['e-0 reset null', 'e-4 state 1']);
  });

  it('knows of as many that have gone as may be there, and of what came after the last that is forgotten', () => {
    const states = keyedStates<number>({ epoch: 'e', maxKeys: 1 });
    const since = (id: string): readonly string[] => record(states.since(id)).values.map(brief);
    const come = (key: string): void => {
      states.set(key, 1);
      states.delete(key);
    };
    come('a');
    expect(since('e-0')).toEqual(['e-2 gone {"key":"a"}']);
    come('b');
    come('c');
    expect(since('e-3')).toEqual(['e-0 reset null']);
    expect(since('e-4')).toEqual(['e-6 gone {"key":"c"}']);
  });

  it('drops the key that has been unchanged for longest where one more comes than fits', () => {
    const states = keyedStates<number>({ epoch: 'e', maxKeys: 2 });
    const recording = record(states.since());
    for (const [key, state] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
    ] as const)
      states.set(key, state);
    expect(states.values()).toEqual([3, 4]);
    expect(recording.values.map(brief).slice(3)).toEqual(['e-4 state 4', 'e-5 gone {"key":"b"}']);
  });

  it('tells changes that a follower makes after those that led to them, to everybody', () => {
    const states = keyedStates<number>({ epoch: 'e' });
    states.since().subscribe(({ data }) => {
      if (typeof data === 'number' && data < 3) states.set('a', data + 1);
    });
    const other = record(states.since());
    states.set('a', 1);
    expect(other.values.map(brief)).toEqual(['e-1 state 1', 'e-2 state 2', 'e-3 state 3']);
  });

  it('tells one that comes amid a change that change once', () => {
    const states = keyedStates<number>({ epoch: 'e' });
    const late: string[] = [];
    const follow = () => states.since().subscribe((event) => late.push(brief(event)));
    states
      .since()
      .pipe(take(1))
      .subscribe(() => {
        states.set('b', 2);
        follow();
      });
    states.set('a', 1);
    expect(late).toEqual(['e-1 state 1', 'e-2 state 2']);
  });

  it('tells one that makes a change as it is told what there is the rest of that first', () => {
    const states = filled();
    const told: string[] = [];
    states.since().subscribe((event) => {
      told.push(brief(event));
      if (told.length === 1) states.set('c', 4);
    });
    expect(told).toEqual(['e-2 state 2', 'e-3 state 3', 'e-4 state 4']);
  });

  it('stops where nobody listens any more', () => {
    const states = filled();
    expect(record(states.since().pipe(take(1))).values.map(brief)).toEqual(['e-2 state 2']);
  });

  it('completes its followers, those that come later after all there is, and changes no more', () => {
    const states = filled();
    const early = record(states.since('e-3'));
    states.complete();
    const late = record(states.since());
    expect([early.values, early.end, late.values.length, late.end]).toEqual([[], '|', 2, '|']);
    expect(() => states.set('a', 1)).toThrow('complete');
  });

  it('completes nobody before all is told, also where a follower has it completed', () => {
    const states = filled();
    states.since('e-3').subscribe(() => states.complete());
    const other = record(states.since('e-3'));
    states.set('b', 4);
    expect([other.values.map(brief), other.end]).toEqual([['e-4 state 4'], '|']);

    const others = filled();
    const own = record(others.since().pipe(tap(() => others.complete())));
    expect([own.values.map(brief), own.end]).toEqual([['e-2 state 2', 'e-3 state 3'], '|']);
  });

  it('completes one that comes amid a change only after what is still to be told', () => {
    const states = keyedStates<number>({ epoch: 'e' });
    const late: string[] = [];
    const follow = () =>
      states.since().subscribe({
        next: (event) => {
          late.push(brief(event));
          if (late.length > 1) return;
          states.set('b', 2);
          states.complete();
        },
        complete: () => late.push('|'),
      });
    states.since().pipe(take(1)).subscribe(follow);
    states.set('a', 1);
    expect(late).toEqual(['e-1 state 1', 'e-2 state 2', '|']);
  });

  it('tells other epochs apart, of which each has its own by itself', () => {
    const [one, other] = [keyedStates<number>(), keyedStates<number>()];
    for (const states of [one, other]) states.set('a', 1);
    const { id = '' } = record(one.since()).values[0] ?? {};
    expect(id).toMatch(/^\w{1,64}-1$/);
    expect(record(one.since(id)).values).toEqual([]);
    expect(record(other.since(id)).values.map(({ event }) => event)).toEqual(['reset', 'state']);
  });

  it(
    'tells changes as they come',
    marbles(({ cold, expectObservable }) => {
      const states = keyedStates<string>({ epoch: 'e' });
      const changes = cold('--a-b---(a|)');
      changes.subscribe({ next: (key) => states.set(key, key), complete: () => states.complete() });
      const event = (id: string, key: string): SseEvent => ({ id, key, event: 'state', data: key });
      const values = { x: event('e-1', 'a'), y: event('e-2', 'b'), z: event('e-3', 'a') };
      expectObservable(states.since()).toBe('--x-y---(z|)', values);
    }),
  );

  it('refuses options that are not', () => {
    expect(() => keyedStates({ epoch: 'a-b' })).toThrow(
      'keyedStates: epoch: must be 1 to 64 letters, digits and _ (got "a-b")',
    );
    expect(() => keyedStates({ epoch: 'e'.repeat(65) })).toThrow('epoch');
    expect(() => keyedStates({ epoch: 'e'.repeat(64) })).not.toThrow();
    expect(() => keyedStates({ maxKeys: 0 })).toThrow('maxKeys');
  });
});
