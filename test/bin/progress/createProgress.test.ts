import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../bin/progress/createProgress.js';
import { JsonProgress } from '../../../bin/progress/jsonProgress.js';
import type { Line } from '../../../bin/progress/line.js';
import { Screen } from '../../../bin/progress/screen.js';
import type { View } from '../../../bin/progress/view.js';
import { eventOf, remote, resultOf } from '../events.js';

class Recorded {
  readonly isTTY: boolean;
  readonly columns = 40;
  rows = 10;
  readonly writes: string[] = [];

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.writes.push(text);
  }
}

const view: View = {
  total: 2,
  succeeded: 1,
  failed: 0,
  waiting: 1,
  running: [],
  refusals: 0,
  usage: [],
  coolDownMs: 0,
  elapsedMs: 0,
  nowAtMs: 0,
  isStopping: false,
  unfinished: 0,
  earlier: 0,
};

function kindOf(
  mode: 'auto' | 'bars' | 'lines' | 'json' | 'none',
  isTTY: boolean,
  env: NodeJS.ProcessEnv = {},
): string {
  const output = new Recorded(isTTY);
  const progress = createProgress({ mode, output, env, promptAt: () => 'a cat', view: () => view });
  progress.event(eventOf({ type: 'submitted', remote }));
  progress.close();
  const isBars = progress.constructor.name === 'BarsProgress';
  return isBars
    ? 'bars'
    : output.writes.join('').startsWith('{')
      ? 'json'
      : output.writes.length > 0
        ? 'lines'
        : 'none';
}

describe('createProgress', () => {
  it('auto is bars on a terminal that can move its cursor, and lines elsewhere', () => {
    expect(kindOf('auto', true, { TERM: 'xterm' })).toBe('bars');
    expect(kindOf('auto', true, { TERM: 'dumb' })).toBe('lines');
    expect(kindOf('auto', false, { TERM: 'xterm' })).toBe('lines');
    expect(kindOf('auto', true, { TERM: 'xterm', CI: 'true' })).toBe('lines');
    expect(kindOf('auto', true, { TERM: 'xterm', CI: 'false' })).toBe('bars');
    expect(kindOf('bars', true, { TERM: 'xterm', CI: 'true' })).toBe('bars');
  });

  it('else does as it is told', () => {
    expect([kindOf('bars', false), kindOf('lines', true), kindOf('json', true), kindOf('none', true)]).toEqual([
      'bars',
      'lines',
      'json',
      'none',
    ]);
  });
});

describe('JsonProgress', () => {
  it('has an object a line', () => {
    const output = new Recorded(false);
    const progress = new JsonProgress(output);
    const error = new Error('slow\ndown');
    progress.event(eventOf({ type: 'queued' }));
    progress.event(eventOf({ type: 'submitted', remote }));
    progress.event(eventOf({ type: 'refused', refusal: { meaning: 'too-fast', hintMs: 5 }, error }));
    progress.event(eventOf({ type: 'retrying', refusal: { meaning: 'too-fast' }, delayMs: 9 }));
    progress.event(eventOf({ type: 'ended', result: resultOf({ status: 'succeeded' }) }));
    progress.event(eventOf({ type: 'adopted', taskId: 'theirs-1', sinceAtMs: 7 }));
    progress.event(eventOf({ type: 'ended', result: resultOf({ status: 'succeeded', isEarlier: true }) }));
    progress.event({ type: 'saved', index: 0, id: 'ours-1', file: 'a.mp4' });
    progress.event({ type: 'unsaved', index: 0, id: 'ours-1', file: 'a.mp4', url: 'http://x/a', message: 'gone' });
    progress.note('a\nb');
    progress.close();
    const ended = {
      status: 'succeeded',
      isFinal: true,
      taskId: 'theirs-1',
      outputs: [],
      attempts: 1,
      credits: 10,
    };
    const base = { index: 0, id: 'ours-1', atMs: 1_000 };
    expect(output.writes.every((line) => line.endsWith('}\n') && line.split('\n').length === 2)).toBe(true);
    expect(output.writes.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'queued', ...base },
      { type: 'submitted', ...base, taskId: 'theirs-1' },
      { type: 'refused', ...base, meaning: 'too-fast', hintMs: 5, message: 'slow\ndown' },
      { type: 'retrying', ...base, meaning: 'too-fast', delayMs: 9 },
      { type: 'ended', ...base, ...ended },
      { type: 'adopted', ...base, taskId: 'theirs-1', sinceAtMs: 7 },
      { type: 'ended', ...base, ...ended, isEarlier: true },
      { type: 'saved', index: 0, id: 'ours-1', file: 'a.mp4' },
      { type: 'unsaved', index: 0, id: 'ours-1', file: 'a.mp4', url: 'http://x/a', message: 'gone' },
      { type: 'note', message: 'a\nb' },
    ]);
  });
});

describe('Screen', () => {
  const frame = (text: string): string => `\x1b[?2026h\x1b[?25l${text}\x1b[?2026l`;
  const linesOf = (...texts: readonly string[]): Line[] => texts.map((text) => [{ text }]);

  it('redraws in place, in one write, and only what has changed', () => {
    const output = new Recorded(true);
    const screen = new Screen(output, false);
    screen.draw(linesOf('one', 'two', 'three'));
    screen.draw(linesOf('one', 'two', 'three'));
    screen.draw(linesOf('one', '2', 'three'));
    screen.draw(linesOf('four'));
    screen.clear();
    screen.clear();
    expect(output.writes).toEqual([
      frame('\r\x1b[2Kone\n\x1b[2Ktwo\n\x1b[2Kthree\x1b[J'),
      frame('\r\x1b[2A\n2\x1b[K\nthree\x1b[K'),
      frame('\r\x1b[2A\x1b[2Kfour\x1b[J'),
      '\r\x1b[K\r\x1b[?25h',
    ]);
  });

  it('puts lines above in one write, and itself below them', () => {
    const output = new Recorded(true);
    const screen = new Screen(output, false);
    screen.above('before');
    screen.draw(linesOf('one', 'two'));
    screen.above('a\nnote');
    screen.draw(linesOf('one', 'two'));
    expect(output.writes).toEqual([
      'before\n',
      frame('\r\x1b[2Kone\n\x1b[2Ktwo\x1b[J'),
      '\x1b[?2026h\r\x1b[1A\x1b[2Ka\x1b[K\n\x1b[2Knote\x1b[K\n\x1b[2Kone\n\x1b[2Ktwo\x1b[J\x1b[?2026l',
    ]);
  });

  it('draws all of it anew where the terminal has another size', () => {
    const output = new Recorded(true);
    const screen = new Screen(output, false);
    screen.draw(linesOf('one', 'two'));
    output.rows = 20;
    screen.draw(linesOf('one', 'two'));
    expect(output.writes[1]).toBe(frame('\r\x1b[1A\x1b[2Kone\n\x1b[2Ktwo\x1b[J'));
  });

  it('leaves the last column and the last row alone', () => {
    expect(new Screen(new Recorded(true), false).size).toEqual({ columns: 39, rows: 9 });
    expect(new Screen({ write: () => undefined }, false).size).toEqual({ columns: 79, rows: 23 });
    expect(new Screen({ write: () => undefined, columns: 1, rows: 1 }, false).size).toEqual({ columns: 1, rows: 1 });
  });

  it('takes a terminal that does not know its size for one of the usual size', () => {
    expect(new Screen({ write: () => undefined, columns: 0, rows: 0 }, false).size).toEqual({ columns: 79, rows: 23 });
  });

  it('climbs over the lines that a narrower terminal has broken', () => {
    const output = { columns: 40, rows: 30, texts: [] as string[], write: (text: string) => output.texts.push(text) };
    const screen = new Screen(output, false);
    screen.draw([[{ text: 'x'.repeat(39) }], [{ text: 'y' }]]);
    output.columns = 20;
    screen.draw([[{ text: 'z' }]]);
    expect(output.texts[1]).toContain('\r\x1b[2A');
  });
});
