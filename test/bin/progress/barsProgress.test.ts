import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BarsProgress } from '../../../bin/progress/barsProgress.js';
import { Pace } from '../../../bin/progress/pace.js';
import type { View } from '../../../bin/progress/view.js';
import type { RefusalMeaning } from '../../../operators/index.js';
import { eventOf, resultOf } from '../events.js';

describe('Pace', () => {
  it('is the middle one of the last that have ended', () => {
    const pace = new Pace();
    expect(pace.typicalMs).toBe(undefined);
    for (const durationMs of [30, 10, 1_000]) pace.took(durationMs);
    expect(pace.typicalMs).toBe(30);
    for (let i = 0; i < 25; i++) pace.took(70);
    expect(pace.typicalMs).toBe(70);
    for (let i = 0; i < 12; i++) pace.took(5);
    expect(pace.typicalMs).toBe(70);
    pace.took(5);
    expect(pace.typicalMs).toBe(5);
  });
});

describe('BarsProgress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const view: View = {
    total: 3,
    succeeded: 1,
    failed: 0,
    unfinished: 0,
    earlier: 0,
    waiting: 1,
    refusals: 0,
    usage: [],
    coolDownMs: 0,
    elapsedMs: 0,
    nowAtMs: 30_000,
    isStopping: false,
    running: [{ index: 1, id: 'ours', state: 'processing', sinceAtMs: 0, mayExist: true, prompt: 'a cat' }],
  };

  it('fills bars by what has ended in this run, and for good', () => {
    const writes: string[] = [];
    const progress = new BarsProgress({ write: (text) => writes.push(text) }, false, () => view);
    const ended = { status: 'succeeded', submittedAtMs: 0 } as const;
    const frame = (): string | undefined => {
      vi.advanceTimersByTime(200);
      return /30 (\[.*?\])/.exec(writes.at(-1) ?? '')?.[1];
    };
    expect(frame()).toBe('[--#------]');
    progress.event(eventOf({ type: 'ended', result: resultOf({ ...ended, endedAtMs: 40_000, isEarlier: true }) }));
    progress.event(eventOf({ type: 'ended', result: resultOf({ ...ended, endedAtMs: 50_000, isFinal: false }) }));
    expect(frame()).toBe('[--#------]');
    progress.event(eventOf({ type: 'ended', result: resultOf({ ...ended, endedAtMs: 60_000 }) }));
    expect(frame()).toBe('[####-----]');
    progress.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says what the last refusal was, until something is sent or has ended', () => {
    const writes: string[] = [];
    const progress = new BarsProgress({ write: (text) => writes.push(text) }, false, () => view);
    const refuse = (meaning: RefusalMeaning): void => {
      progress.event(eventOf({ type: 'refused', refusal: { meaning }, error: new Error('no server'), atMs: 18_000 }));
    };
    const frame = (): string => {
      vi.advanceTimersByTime(200);
      return writes.splice(0).join('');
    };
    refuse('too-fast');
    expect(frame()).not.toContain('refused');
    refuse('transient');
    expect(frame()).toContain('0:12 ago: #1 refused (transient): no server');
    progress.event(eventOf({ type: 'ended', result: resultOf({ status: 'succeeded' }) }));
    expect(frame()).not.toContain('refused');
    progress.close();
  });

  it('gives the terminal back as the process exits, and leaves nothing on it once it is closed', () => {
    const writes: string[] = [];
    const before = process.listenerCount('exit');
    const progress = new BarsProgress({ write: (text) => writes.push(text) }, false, () => view);
    vi.advanceTimersByTime(100);
    expect(process.listenerCount('exit')).toBe(before + 1);
    progress.close();
    expect(writes.at(-1)).toContain('\x1b[?25h');
    for (const event of ['SIGTSTP', 'SIGQUIT']) expect(process.listenerCount(event)).toBe(0);
    expect(process.listenerCount('exit')).toBe(before);
  });
});
