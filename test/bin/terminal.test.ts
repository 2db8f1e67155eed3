import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { columnsOf } from '../../bin/text.js';
import { until } from '../until.js';
import { resultsIn, scratch, sluicePath } from './sluice.js';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
const quoted = (text: string): string => `'${text}'`;

const exitCode = /^code \d/m;

/** A terminal of a size, with a shell in it. */
class Terminal {
  readonly cwd = scratch();
  readonly #socket = join(this.cwd, 'tmux');
  readonly #record = join(this.cwd, 'recorded');

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', this.cwd, 'env', ...pairs(env), 'bash', '--norc');
    onTestFinished(() => void spawnSync('tmux', ['-S', this.#socket, 'kill-server']));
  }

  /** Runs the command; it has ended once its exit code is on the terminal. */
  start(...args: readonly string[]): { ended: () => Promise<unknown> } {
    writeFileSync(this.#record, '');
    const command = [process.execPath, sluicePath, ...args].map(quoted).join(' ');
    const recorded = `pipe-pane -o "cat > ${this.#record}"`;
    execFileSync('sh', ['-c', `tmux -S ${this.#socket} ${recorded}`]);
    this.#tmux('send-keys', `clear; ${command}; echo "code $?"`, 'Enter');
    return { ended: () => until(() => this.lines().some((line) => exitCode.test(line)), 20) };
  }

  /** All that was ever shown; lines that the terminal broke are one again, and so longer than it is wide. */
  lines(): readonly string[] {
    return trimmed(this.#tmux('capture-pane', '-p', '-J', '-S', '-'));
  }

  /** What stands on it now, row by row. */
  screen(): readonly string[] {
    return trimmed(this.#tmux('capture-pane', '-p'));
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  type(command: string): void {
    this.#tmux('send-keys', command, 'Enter');
  }

  /** All that was written to it, up to `last` at least: another process takes it down, and may be behind the screen. */
  recorded(last = exitCode): Promise<string> {
    return until(() => {
      const text = readFileSync(this.#record, 'utf8');
      return last.test(text) && text;
    }, 20);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-u', '-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}

function pairs(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries({ PS1: '', CI: '', ...env }).map(([name, value]) => `${name}=${value}`);
}

const prompts = [
  'A lighthouse on a basalt cliff at blue hour, its beam sweeping slowly through sea mist, waves breaking white below',
  '一只狐狸在黎明时分小跑穿过结冰的湖面，呼吸冒着热气，低角度跟拍，雪地上拖着长长的蓝色影子，远处是松树林和淡紫色的天空，风吹起细雪',
  '🦊❄️👨‍👩‍👧‍👦🇫🇮 a family watches a fox on a frozen lake, long blue shadows on the snow, low tracking shot, breath steaming',
  'one',
  'two',
  'three',
];

/** Throws as soon as there is a file of that name: what no handler sees. */
const throwing =
  "const{existsSync}=process.getBuiltinModule('fs');setInterval(()=>{if(existsSync('throw'))throw(1)},20)";

function trimmed(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trimEnd());
}

/** Whether who wrote this has left the cursor to be seen. */
function leavesCursor(recorded: string): boolean {
  return recorded.lastIndexOf('\x1b[?25h') > recorded.lastIndexOf('\x1b[?25l');
}

function isBar(line: string): boolean {
  return /^\[[#x-]+\] \d\/6 \d+ %$/.test(line);
}

describe.skipIf(!hasTmux)('on a terminal', () => {
  it.each([
    [100, 30],
    [40, 15],
  ])('of %d columns and %d rows: bars that break no line, and are gone at the end', async (columns, rows) => {
    const terminal = new Terminal(columns, rows);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    const run = terminal.start('generate', 'p.txt', '--simulate', '--speed', '60', '--out', 'o');
    const during = await until(() => {
      const lines = terminal.lines();
      return lines.some(isBar) && lines.some((line) => line.startsWith('  #3 ')) && lines;
    }, 20);
    expect(during.filter(isBar)).toHaveLength(1);
    expect(during.filter((line) => /^ +#\d+ /.test(line)).length).toBeLessThanOrEqual(3);
    const drawn = during.slice(during.findIndex(isBar));
    expect(drawn.filter((line) => columnsOf(line) > columns)).toEqual([]);
    expect(drawn.join(' ')).toMatch(/\d done {2}0 failed {2}3 running {2}\d waiting +429s 0 {2}requests \d+\/30/);

    await run.ended();
    const after = terminal.lines();
    expect(after.filter(isBar)).toEqual([]);
    expect(after.filter((line) => /^ +#\d+ /.test(line))).toEqual([]);
    expect(after.slice(after.indexOf('made       6 of 6')).slice(0, 3)).toEqual([
      'made       6 of 6',
      'failed     0',
      '429s met   0',
    ]);
    expect(after).toContain('results    o/results.jsonl');
    expect(after).toContain('code 0');
    expect(resultsIn(join(terminal.cwd, 'o'))).toHaveLength(6);
    const recorded = await terminal.recorded();
    expect(recorded).toContain('\x1b[32m');
    expect(leavesCursor(recorded)).toBe(true);
  });

  it('more tasks than rows: says how many there was no room for', async () => {
    const terminal = new Terminal(60, 10);
    writeFileSync(join(terminal.cwd, 'p.txt'), Array.from({ length: 20 }, (_, index) => `prompt ${index}`).join('\n'));
    const flags = ['--simulate', '--speed', '60', '--concurrent', '20', '--rate', 'off', '--out', 'o'];
    const run = terminal.start('generate', 'p.txt', ...flags);
    await until(() => terminal.lines().some((line) => /^ and \d+ more: \d+ \w+/.test(line)), 20);
    await run.ended();
    expect(terminal.lines()).toContain('made       20 of 20');
    expect(terminal.lines().filter((line) => /^\[|^ and /.test(line))).toEqual([]);
  });

  it('made narrower on the way: one bar on the screen, and then none', async () => {
    const terminal = new Terminal(100, 30);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    const run = terminal.start('generate', 'p.txt', '--simulate', '--speed', '60', '--out', 'o');
    await until(() => terminal.lines().some(isBar), 20);
    terminal.resize(50, 20);
    // What the terminal itself has pushed into its history as it broke the lines is out of reach.
    await until(() => terminal.screen().filter(isBar).length === 1, 20);
    await run.ended();
    expect(terminal.screen().filter((line) => line.startsWith('['))).toEqual([]);
    expect(terminal.screen()).toContain('made       6 of 6');
  });

  it('made narrower and wider again: what stood above still does, and no line is longer than the terminal', async () => {
    const terminal = new Terminal(100, 24);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    const run = terminal.start('generate', 'p.txt', '--simulate', '--speed', '15', '--out', 'o');
    await until(() => terminal.lines().some((line) => line.includes('ETA')), 20);
    for (const [columns, rows] of [
      [60, 24],
      [40, 12],
      [140, 24],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      const width = Math.min(60, columns - 12) + 2;
      // Not one that the terminal takes for a line with the next: it would be one line too few to climb over.
      const bar = await until(
        () => terminal.lines().findLast((line) => isBar(line) && Math.abs(line.indexOf(']') + 1 - width) <= 2),
        20,
      );
      expect(columnsOf(bar)).toBeLessThan(columns);
    }
    expect(terminal.lines()[0]).toMatch(/^6 prompts, 3 at once, 30 requests in 1 min, simulated/);
    const isTask = (line: string): boolean => /^ +#\d+ \S+ +\d:\d\d \[[#-]+\] /.test(line);
    await until(() => {
      const rows = terminal.screen();
      return rows.slice(rows.findLastIndex(isBar)).some(isTask);
    }, 20);
    await run.ended();
    expect(terminal.lines()[0]).toMatch(/^6 prompts/);
    expect(terminal.lines()).toContain('made       6 of 6');
  });

  it('fifty tasks on 24 rows: each row one task, the last says what the rest do', async () => {
    const terminal = new Terminal(80, 24);
    writeFileSync(join(terminal.cwd, 'p.txt'), Array.from({ length: 60 }, (_, index) => `prompt ${index}`).join('\n'));
    const flags = ['--simulate', '--speed', '30', '--concurrent', '50', '--rate', 'off', '--out', 'o'];
    const run = terminal.start('generate', 'p.txt', ...flags);
    const screen = await until(() => {
      const rows = terminal.screen();
      return rows.some((line) => /^ and \d+ more: \d+ \w+(, \d+ \w+)*$/.test(line)) && rows;
    }, 20);
    const bar = screen.findIndex((line) => line.startsWith('['));
    const drawn = screen.slice(bar).filter((line) => line !== '');
    const [more = 0, ...each] = [...(drawn.at(-1) ?? '').matchAll(/\d+/g)].map(Number);
    expect(each.reduce((sum, count) => sum + count, 0)).toBe(more);
    expect(drawn.length - 4 + more).toBeLessThanOrEqual(50);
    expect(drawn.length).toBeLessThanOrEqual(23);
    expect(drawn.slice(3, -1).filter((line) => !/^ +#\d+ .* prompt \d+$/.test(line))).toEqual([]);
    await run.ended();
    expect(terminal.lines()).toContain('made       60 of 60');
  });

  it.each([
    ['Ctrl-\\', 'C-\\', {}],
    ['an error that nobody caught', '', { NODE_OPTIONS: `--import data:text/javascript,${throwing}` }],
  ])('ended by %s: the bars are gone, and the cursor is back', async (_, key, env) => {
    const terminal = new Terminal(100, 30, env);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    const run = terminal.start('generate', 'p.txt', '--simulate', '--speed', '5', '--out', 'o');
    await until(() => terminal.screen().some(isBar), 20);
    if (key === '') writeFileSync(join(terminal.cwd, 'throw'), '');
    else terminal.press(key);
    await run.ended();
    expect(terminal.screen().filter(isBar)).toEqual([]);
    expect(leavesCursor(await terminal.recorded())).toBe(true);
  });

  it('Ctrl-Z gives the terminal back, and fg takes it again', async () => {
    const terminal = new Terminal(100, 30);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    terminal.start('generate', 'p.txt', '--simulate', '--speed', '5', '--out', 'o');
    await until(() => terminal.screen().some(isBar), 20);
    terminal.press('C-z');
    await until(() => terminal.screen().some((line) => line.includes('Stopped')), 20);
    expect(terminal.screen().filter(isBar)).toEqual([]);
    expect(leavesCursor(await terminal.recorded(/Stopped/))).toBe(true);
    terminal.type('fg');
    await until(() => terminal.screen().some(isBar), 20);
    terminal.press('C-c');
    terminal.press('C-c');
  });

  it('CI: lines, though it is a terminal', async () => {
    const terminal = new Terminal(80, 24, { CI: 'true' });
    writeFileSync(join(terminal.cwd, 'p.txt'), 'a\nb\n');
    await terminal.start('generate', 'p.txt', '--simulate', '--speed', '600', '--out', 'o').ended();
    expect(terminal.lines().some((line) => line.startsWith('#2 succeeded after '))).toBe(true);
    expect(terminal.lines().filter((line) => line.startsWith('['))).toEqual([]);
  });

  it('Ctrl-C, twice: the ids stand above, the bars are gone', async () => {
    const terminal = new Terminal(120, 30);
    writeFileSync(join(terminal.cwd, 'p.txt'), prompts.join('\n'));
    const run = terminal.start('generate', 'p.txt', '--simulate', '--speed', '5', '--out', 'o');
    await until(() => terminal.lines().some((line) => /^ +#3 (submitted|processing)/.test(line)), 20);
    terminal.press('C-c');
    await until(() => terminal.lines().some((line) => line.startsWith('stopping: ')), 20);
    terminal.press('C-c');
    await run.ended();
    const lines = terminal.lines();
    expect(lines.filter((line) => /^ {2}#[123] task \d+, external id sluice-/.test(line))).toHaveLength(6);
    expect(lines.filter(isBar)).toEqual([]);
    expect(lines).toContain('code 130');
  });

  it('NO_COLOR: no colours', async () => {
    const terminal = new Terminal(80, 24, { NO_COLOR: '1' });
    writeFileSync(join(terminal.cwd, 'p.txt'), 'a\nb\n');
    await terminal.start('generate', 'p.txt', '--simulate', '--speed', '600', '--out', 'o').ended();
    const recorded = await terminal.recorded();
    expect(recorded).toContain('\x1b[?25l');
    expect(recorded).not.toContain('\x1b[1m');
    expect(recorded).not.toContain('\x1b[32m');
  });
});
