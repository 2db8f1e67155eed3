import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../src/limiter/fairQueue.js';
import { placeOf } from '../../src/limiter/place.js';
import { Waiter } from '../../src/limiter/waiter.js';

class Named extends Waiter {
  readonly name: string;

  constructor(name: string, key: string, priority = 0) {
    super(1, placeOf({ key, priority }));
    this.name = name;
  }

  admitted(): void {}

  dropped(): void {}
}

function queueOf(...waiters: Named[]): FairQueue {
  const queue = new FairQueue();
  for (const waiter of waiters) queue.push(waiter);
  return queue;
}

const namesIn = (queue: FairQueue) =>
  [...queue.inOrder()].map((waiter) => (waiter instanceof Named ? waiter.name : undefined));

describe('FairQueue', () => {
  it('has those who wait in order: by priority, then in turns of one each', () => {
    const waiters = [new Named('a1', 'a'), new Named('a2', 'a'), new Named('a3', 'a'), new Named('b1', 'b')];
    const queue = queueOf(...waiters, new Named('c1', 'c', 1), new Named('d1', 'd', -1));
    expect(namesIn(queue)).toEqual(['c1', 'a1', 'b1', 'a2', 'a3', 'd1']);
    expect(queue.size).toBe(6);
  });

  it('has nobody in the place of a key whose last was just served', () => {
    const queue = queueOf(new Named('a1', 'a'), new Named('b1', 'b'));
    queue.serve(queue.next()!);
    expect(namesIn(queue)).toEqual(['b1']);
    queue.serve(queue.next()!);
    expect([namesIn(queue), queue.size, queue.next()]).toEqual([[], 0, undefined]);
  });

  it('has a key that joins behind the one that was just served', () => {
    const queue = queueOf(new Named('a1', 'a'), new Named('a2', 'a'), new Named('b1', 'b'));
    queue.serve(queue.next()!);
    queue.push(new Named('c1', 'c'));
    const served = [1, 2, 3].map(() => {
      const next = queue.next()!;
      queue.serve(next);
      return next instanceof Named && next.name;
    });
    expect(served).toEqual(['b1', 'a2', 'c1']);
  });

  it('knows of one who leaves whether others stood behind it', () => {
    const [first, second, third] = [new Named('a1', 'a'), new Named('a2', 'a'), new Named('b1', 'b')];
    const queue = queueOf(first, second, third);
    expect([queue.remove(second), queue.remove(first), queue.remove(third)]).toEqual([false, true, true]);
    expect([namesIn(queue), queue.next()]).toEqual([[], undefined]);
  });

  it('gives up the longest waiting of the same key, or whose turn it is', () => {
    const [first, second, alone] = [new Named('a1', 'a'), new Named('a2', 'a'), new Named('b1', 'b')];
    const queue = queueOf(first, second, alone);
    expect([queue.oldestOfSame(second), queue.oldestOfSame(alone), queue.oldestOfSame(first)]).toEqual([
      ...[first, first, first],
    ]);
    queue.remove(first);
    queue.remove(second);
    expect(queue.oldestOfSame(alone)).toBe(alone);
  });
});
