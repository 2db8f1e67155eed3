import { describe, expect, it } from 'vitest';
import { bars, remainingMs, type View } from '../../../bin/progress/bars.js';
import { paint, type Line } from '../../../bin/progress/line.js';

const view: View = {
  ...{ total: 24, succeeded: 10, failed: 2, waiting: 10, refusals: 1, coolDownMs: 0, elapsedMs: 120_000 },
  ...{ nowAtMs: 100_000, isStopping: false, unfinished: 0, earlier: 0 },
  usage: [{ name: 'requests', used: 22, capacity: 30 }],
  running: [
    {
      ...{ index: 12, id: 'ours-13', taskId: 'theirs-13', state: 'processing', sinceAtMs: 66_000, mayExist: true },
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
      '10 done  2 failed  2 running  10 waiting  429s 1  requests 22/30  ETA 2:00',
      ' #13 processing  0:34 A lighthouse on a basalt cliff at blue hour, its beam sweeping',
      ' #14 submitting  0:01 one [2J two',
    ]);
  });

  it('at 40 columns', () => {
    expect(plain(bars(view, { columns: 40, rows: 14 }))).toEqual([
      '[###########xx--------------] 12/24 50 %',
      '10 done  2 failed  2 running  10 waiting',
      '429s 1  requests 22/30  ETA 2:00',
      ' #13 processing  0:34 A lighthouse on a~',
      ' #14 submitting  0:01 one [2J two',
    ]);
  });

  it('has no bar where there is no room for one', () => {
    expect(plain(bars(view, { columns: 17, rows: 10 }))[0]).toBe('12/24 50 %');
  });

  it('says how many tasks there was no room for', () => {
    const running = Array.from({ length: 20 }, (_, index) => ({ ...view.running[0]!, index }));
    const lines = plain(bars({ ...view, running }, { columns: 100, rows: 8 }));
    expect(lines).toHaveLength(8);
    expect(lines[7]).toBe(' and 15 more');
    expect(plain(bars({ ...view, running }, { columns: 100, rows: 22 })).at(-1)).toMatch(/^ #20 /);
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
    expect(lines[1]).toMatch(/^10 done {2}2 failed {2}3 unfinished {2}2 running {2}10 waiting {2}saved 8\/9 {2}429s 1/);
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
