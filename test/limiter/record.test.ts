import { describe, expect, it } from 'vitest';
import { ReplayError } from '../../src/errors.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import { replay } from '../../src/limiter/replay.js';
import type { TapeEntry } from '../../src/limiter/tape.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { VirtualClock } from '../virtualClock.js';

describe('a limiter that is recorded', () => {
  const some = () => ({
    limits: [
      concurrency({ limit: 2, name: 'slots' }),
      dailyQuota({ limit: 20, name: 'credits' }),
      adaptiveConcurrency({ max: 5, initial: 4, name: 'learnt' }),
    ],
    queue: { maxSize: 2, overflow: 'drop-newest' as const },
  });

  class Named extends Waiter {
    readonly #label: string;
    readonly #heard: unknown[];

    constructor(label: string, heard: unknown[]) {
      super(1);
      this.#label = label;
      this.#heard = heard;
    }

    override get label(): string {
      return this.#label;
    }

    admitted(atMs: number): void {
      this.#heard.push([this.label, atMs]);
    }

    dropped(error: Error): void {
      this.#heard.push([this.label, error.name]);
    }
  }

  /** All that can be asked of a limiter, once; returns what came of it. */
  function lived(record?: (entry: TapeEntry) => void): unknown[] {
    const clock = new VirtualClock();
    const limiter = createLimiter({ ...some(), clock, random: () => 0.5, ...(record !== undefined && { record }) });
    const heard: unknown[] = [];
    const waiters = ['a', 'b', 'c', 'd', 'e'].map((label) => new Named(label, heard));
    const steps: (() => unknown)[] = [
      ...waiters.map((waiter) => () => limiter.enter(waiter)),
      () => limiter.leave(waiters[3]!),
      () => limiter.leave(waiters[3]!),
      () => limiter.refusedSlot(1, 0),
      () => limiter.grantedSlot(1, 0),
      () => limiter.adjust('credits', 5),
      () => limiter.coolDown(50),
      () => limiter.update({ slots: { limit: 3 } }),
      () => limiter.explain('c'),
      () => limiter.forecast(2, { taskMs: 10 }),
      () => clock.advance(50),
      () => limiter.refused({ meaning: 'too-fast' }),
      () => clock.advance(7),
      () => limiter.coolDown(0, { ramp: false }),
      () => limiter.release(1, 0, 'failed'),
      () => limiter.refund(1, 0),
      () => limiter.enter(new Named('f', heard)),
      () => limiter.admitWaiting(),
      () => clock.advance(20_000),
    ];
    for (const step of steps) heard.push([step(), limiter.snapshot()]);
    return heard;
  }

  it('does all that one does which is not', () => {
    expect(lived(() => undefined)).toEqual(lived());
  });

  it('notes whatever is asked of it, looks apart, so that it can be made again', () => {
    const tape: TapeEntry[] = [];
    const heard = lived((entry) => tape.push(entry));
    expect([...new Set(tape.map(({ type }) => type))].sort()).toEqual(
      [
        ...[
          'adjust',
          'admitWaiting',
          'admitted',
          'coolDown',
          'draw',
          'dropped',
          'enter',
          'epoch',
          'grantedSlot',
          'leave',
        ],
        ...['now', 'refund', 'refused', 'refusedSlot', 'release', 'returned', 'update', 'wake'],
      ].sort(),
    );
    expect(tape.filter(({ type }) => type === 'leave')).toEqual([{ type: 'leave', id: 3 }]);
    const decisions = replay(tape, some());
    const starts = heard.filter((it) => Array.isArray(it) && typeof it[0] === 'string' && typeof it[1] === 'number');
    expect(decisions.map(({ id, atMs }) => ['abcdef'.charAt(id), atMs])).toEqual(starts);
    expect(starts).toHaveLength(4);
  });
});

describe('a record with a gap or a mistake', () => {
  const one = (): Omit<LimiterOptions, 'clock' | 'random' | 'record'> => ({
    limits: [concurrency({ limit: 1 })],
    queue: { maxSize: 1, overflow: 'drop-newest' },
  });
  /** The first starts, the second waits, the third is given up. */
  const tape: TapeEntry[] = [];
  const limiter = createLimiter({ ...one(), clock: new VirtualClock(), record: (entry) => tape.push(entry) });
  for (let count = 0; count < 3; count++) limiter.run(() => new Promise(() => undefined)).catch(() => undefined);
  const indexOf = (type: TapeEntry['type']): number => tape.findIndex((entry) => entry.type === type);
  const without = (type: TapeEntry['type']) => tape.toSpliced(indexOf(type), 1);
  const instead = (type: TapeEntry['type'], ...entries: TapeEntry[]) => tape.toSpliced(indexOf(type), 1, ...entries);

  it('is none where nothing was changed', () => {
    expect(replay(tape, one())).toEqual([{ id: 0, atMs: 0 }]);
    expect(replay([{ type: 'leave', id: 9 }, ...tape], one())).toEqual([{ id: 0, atMs: 0 }]);
  });

  it.each<[string, TapeEntry[], string]>([
    ['ends too early', tape.slice(0, indexOf('admitted')), 'waiter 0 starts at 0, the record has ended'],
    [
      'has another one start',
      instead('admitted', { type: 'admitted', id: 1, atMs: 0 }),
      'waiter 0 starts at 0, the record has {"type":"admitted","id":1,"atMs":0}',
    ],
    [
      'has it start at another instant',
      instead('admitted', { type: 'admitted', id: 0, atMs: 5 }),
      'waiter 0 starts at 0, the record has {"type":"admitted","id":0,"atMs":5}',
    ],
    ['has it given up', instead('admitted', { type: 'dropped', id: 0 }), 'waiter 0 starts at 0'],
    ['gives nobody up', without('dropped'), 'waiter 2 is given up, the record has {"type":"returned"}'],
    [
      'gives another one up',
      instead('dropped', { type: 'dropped', id: 1 }),
      'waiter 2 is given up, the record has {"type":"dropped","id":1}',
    ],
    [
      'has one start that was given up',
      instead('dropped', { type: 'admitted', id: 2, atMs: 0 }),
      'waiter 2 is given up, the record has {"type":"admitted","id":2,"atMs":0}',
    ],
    ['ends before one is given up', tape.slice(0, indexOf('dropped')), 'waiter 2 is given up, the record has ended'],
    ['ends within work', tape.slice(0, indexOf('admitted') + 1), 'nothing is to be decided, the record has ended'],
    ['ends before the clock was read', tape.slice(0, indexOf('now')), 'a reading of now is due, the record has ended'],
    ['lacks a reading of the clock', without('now'), 'a reading of now is due'],
    [
      'has another reading there',
      instead('now', { type: 'draw', value: 0 }),
      'a reading of now is due, the record has {"type":"draw","value":0}',
    ],
    [
      'begins in the midst of it',
      [{ type: 'returned' }, ...tape],
      'the replay differs at entry 0: nothing is to be decided, the record has {"type":"returned"}',
    ],
  ])('is found where it %s', (_, wrong, message) => {
    expect(() => replay(wrong, one())).toThrow(message);
    expect(() => replay(wrong, one())).toThrow(ReplayError);
  });
});
