import { NEVER, of, Subject, type ObservableInput } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit, type ConcurrencyLimitOptions } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import type { Overflow } from '../../src/limiter/queueSettings.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { record } from './recording.js';

interface Item {
  readonly name: string;
  readonly priority: number;
}

/** A stream whose values start in another order than that in which they come, on a limiter that is busy at first. */
function reordered(options: { readonly maxSize?: number; readonly overflow?: Overflow; readonly stop?: AbortSignal }) {
  const { maxSize = Infinity, overflow = 'error', stop } = options;
  const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], queue: { maxSize, overflow } });
  const busy = new Subject<never>();
  record(of(busy).pipe(concurrencyLimit((it) => it, { limiter })));
  const begun: string[] = [];
  const work = new Map<string, ObservableInput<string>>();
  const source = new Subject<Item>();
  const project = ({ name }: Item): ObservableInput<string> => {
    begun.push(name);
    return work.get(name) ?? of(name);
  };
  const limits: ConcurrencyLimitOptions<Item> = { limiter, priority: ({ priority }) => priority, stop };
  const recording = record(source.pipe(concurrencyLimit(project, { ...limits, ordered: true })));
  const come = (...names: readonly string[]): void =>
    names.forEach((name, priority) => source.next({ name, priority }));
  return { busy, begun, work, source, recording, come };
}

describe('concurrencyLimit, in the order of the source', () => {
  it('keeps that order also where the limiter lets values start in another', () => {
    const { busy, begun, source, recording, come } = reordered({});
    come('a', 'b', 'c');
    source.complete();
    busy.complete();
    expect(begun).toEqual(['c', 'b', 'a']);
    expect(recording).toMatchObject({ values: ['a', 'b', 'c'], end: '|' });
  });

  it('waits for none that the limiter gives up', () => {
    const { busy, begun, source, recording, come } = reordered({ maxSize: 2, overflow: 'drop-newest' });
    come('a', 'b', 'dropped');
    busy.complete();
    come('c');
    source.complete();
    expect(begun).toEqual(['b', 'a', 'c']);
    expect(recording).toMatchObject({ values: ['a', 'b', 'c'], end: '|' });
  });

  it('waits for none that it was told to forget', () => {
    const stopping = new AbortController();
    const { busy, begun, work, recording, come } = reordered({ stop: stopping.signal });
    const running = new Subject<string>();
    work.set('b', running);
    come('a', 'b');
    busy.complete();
    running.next('b');
    expect(recording.values).toEqual([]);
    stopping.abort();
    expect(recording.values).toEqual(['b']);
    running.complete();
    expect([begun, recording.values, recording.end]).toEqual([['b'], ['b'], '|']);
  });

  it('holds back nothing that is left', () => {
    const { busy, begun, work, recording, come } = reordered({});
    work.set('b', NEVER);
    come('a', 'b');
    recording.subscription.unsubscribe();
    busy.complete();
    expect([begun, recording.values]).toEqual([[], []]);
  });
});
