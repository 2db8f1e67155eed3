import { describe, expect, it } from 'vitest';
import { bars, remainingMs } from '../../../bin/progress/bars.js';
import { paint, type Line } from '../../../bin/progress/line.js';
import type { View } from '../../../bin/progress/view.js';

const view: View = {
  total: 24,
  succeeded: 10,
  failed: 2,
  waiting: 10,
  refusals: 1,
  coolDownMs: 0,
  elapsedMs: 120_000,
  nowAtMs: 100_000,
  isStopping: false,
  unfinished: 0,
  earlier: 0,
  usage: [
    { name: 'requests', used: 22, capacity: 30 },
    { name: 'tasks', used: 2, capacity: 3 },
  ],
  running: [
    {
      index: 12,
      id: 'ours-13',
      taskId: 'theirs-13',
      state: 'processing',
      sinceAtMs: 66_000,
      mayExist: true,
      prompt: 'A lighthouse on a basalt cliff at blue hour, its beam sweeping',
    },
    { index: 13, id: 'ours-14', state: 'submitting', sinceAtMs: 99_000, mayExist: true, prompt: 'one\x1b[2J\ntwo' },
  ],
};

const plain = (lines: readonly Line[]): string[] => lines.map((line) => paint(line, false));

describe('bars', () => {
  it('at 100 columns', () => {
    expect(plain(bars(view, { columns: 100, rows: 29 }))).toEqual([
      '[#########################xxxxx------------------------------] 12/24 50 %',
      '10 done  2 failed  2 running  10 waiting  6.0/min  429s 1  requests 22/30  slots 2/3  ETA 2:00',
      ' #13 processing  0:34 [----------#-] A lighthouse on a basalt cliff at blue hour, its beam sweeping',
      ' #14 submitting  0:01 [------------] one [2J two',
    ]);
  });

  it('at 40 columns', () => {
    expect(plain(bars(view, { columns: 40, rows: 14 }))).toEqual([
      '[###########xx--------------] 12/24 50 %',
      '10 done  2 failed  2 running  10 waiting',
      '6.0/min  429s 1  requests 22/30',
      'slots 2/3  ETA 2:00',
      ' #13 processing  0:34 [--#--] A lightho~',
      ' #14 submitting  0:01 [-----] one [2J t~',
    ]);
  });

  it('has no bar where there is no room for one', () => {
    expect(plain(bars(view, { columns: 17, rows: 10 }))[0]).toBe('12/24 50 %');
  });

  it('says how many tasks there was no room for', () => {
    const running = Array.from({ length: 20 }, (_, index) => ({ ...view.running[0]!, index }));
    const lines = plain(bars({ ...view, running }, { columns: 100, rows: 8 }));
    expect(lines).toHaveLength(8);
    expect(lines[7]).toBe(' and 15 more: 15 processing');
    const mixed = running.map((task, index) => (index % 3 === 2 ? task : { ...task, state: 'refused' as const }));
    expect(plain(bars({ ...view, running: mixed }, { columns: 100, rows: 8 }))[7]).toBe(
      ' and 15 more: 10 refused, 5 processing',
    );
    expect(plain(bars({ ...view, running }, { columns: 100, rows: 22 })).at(-1)).toMatch(/^ #20 /);
  });

  it('fills the bar of a task as others have taken, and never quite', () => {
    const barAt = (elapsedMs: number, typicalMs?: number): string | undefined => {
      const running = [{ ...view.running[0]!, sinceAtMs: view.nowAtMs - elapsedMs }];
      return /\[.*\]/.exec(plain(bars({ ...view, running }, { columns: 80, rows: 9 }, typicalMs)).at(-1) ?? '')?.[0];
    };
    expect(barAt(0, 60_000)).toBe('[----------]');
    expect(barAt(30_000, 60_000)).toBe('[#####-----]');
    expect(barAt(59_999, 60_000)).toBe('[#########-]');
    expect(barAt(600_000, 60_000)).toBe('[#########-]');
    expect([0, 1_000, 9_000, 10_000, 18_000].map((elapsedMs) => barAt(elapsedMs))).toEqual([
      '[#---------]',
      '[-#--------]',
      '[---------#]',
      '[--------#-]',
      '[#---------]',
    ]);
  });

  it('says how many end in a minute, or in an hour', () => {
    const paceOf = (change: Partial<View>): string | undefined =>
      /\S+\/(min|h)\b/.exec(plain(bars({ ...view, ...change }, { columns: 120, rows: 9 })).join(' '))?.[0];
    expect(paceOf({})).toBe('6.0/min');
    expect(paceOf({ earlier: 11 })).toBe('30.0/h');
    expect(paceOf({ elapsedMs: 1_000 })).toBe('720/min');
    expect([paceOf({ earlier: 12 }), paceOf({ elapsedMs: 0 })]).toEqual([undefined, undefined]);
  });

  it('says that it stops, and that it cools down', () => {
    const lines = plain(bars({ ...view, isStopping: true, coolDownMs: 12_000 }, { columns: 120, rows: 10 }));
    expect(lines[1]).toContain('stopping, 10 not sent');
    expect(lines[1]).toContain('cooling down 0:12');
  });

  it('says what is not over, and what is saved', () => {
    const saved = { saved: 8, total: 9 };
    const lines = plain(bars({ ...view, unfinished: 3, saved }, { columns: 120, rows: 10 }));
    expect(lines[0]).toBe('[#########################xxxxxxxxxxxx-----------------------] 15/24 62 %');
    expect(lines[1]).toMatch(
      /^10 done {2}2 failed {2}3 unfinished {2}2 running {2}10 waiting {2}7.5\/min {2}saved 8\/9 {2}429s 1/,
    );
  });

  it('colours what is good and what is bad', () => {
    const [bar = []] = bars(view, { columns: 40, rows: 10 });
    expect(paint(bar, true)).toContain('\x1b[32m###########\x1b[0m\x1b[31mxx\x1b[0m');
    expect(paint(bar, false)).not.toContain('\x1b');
  });
});

describe('remainingMs', () => {
  it('goes by the pace until now', () => {
    expect(remainingMs(view)).toBe(120_000);
    expect(remainingMs({ ...view, earlier: 6 })).toBe(240_000);
    expect(remainingMs({ ...view, earlier: 12 })).toBe(undefined);
    expect(remainingMs({ ...view, isStopping: true })).toBe(20_000);
    expect(remainingMs({ ...view, succeeded: 0, failed: 0 })).toBe(undefined);
    expect(remainingMs({ ...view, succeeded: 24, failed: 0, running: [] })).toBe(undefined);
  });
});
