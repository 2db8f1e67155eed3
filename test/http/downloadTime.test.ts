import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { classifyDownload } from '../../src/http/classifyDownload.js';
import { IdleTimer } from '../../src/http/downloading/idleTimer.js';
import { VirtualClock } from '../virtualClock.js';
import { downloadBench, failureOf, serving, video } from './downloadBench.js';
import { inTurn, type Reply } from './loopback.js';

const content = video(100_000);

describe('the timer of a download', () => {
  it('should fire so long after it has last been heard, and no later', () => {
    const clock = new VirtualClock();
    const firedAtMs: number[] = [];
    const timer = new IdleTimer(clock, 10, () => firedAtMs.push(clock.now()));
    clock.advance(9);
    timer.heard();
    for (let i = 0; i < 20; i++) clock.advance(1);
    expect(firedAtMs).toEqual([19]);
  });
});

describe('the time of a download', () => {
  const some: Reply = (response) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"1"' });
    response.write(content.subarray(0, 1_000));
  };

  it('should be up where no answer comes for 30 s', async () => {
    const clock = new VirtualClock();
    const bench = await downloadBench(() => {
      clock.advance(29_999);
      clock.advance(1);
    });
    const error = await failureOf(bench.fetch({ clock }));
    expect(error).toMatchObject({ kind: 'timed-out', status: undefined });
    expect(error.message).toContain('30000 ms');
    expect(classifyDownload(error)).toEqual({ meaning: 'transient' });
    expect(clock.pending).toBe(0);
  });

  it('should be up where nothing more comes for as long as is given, and what came is kept', async () => {
    const clock = new VirtualClock();
    const bench = await downloadBench(some);
    const failure = failureOf(bench.fetch({ clock, timeoutMs: 10 }));
    await bench.came(1_000);
    clock.advance(10);
    expect(await failure).toMatchObject({ kind: 'timed-out', status: 200 });
    expect(await bench.files()).toEqual(['v.mp4.part', 'v.mp4.part.json']);
  });

  it('should never be up while something comes, however slowly', async () => {
    const clock = new VirtualClock();
    const bench = await downloadBench((response) => {
      clock.advance(9);
      response.writeHead(200, { 'content-length': 1_000 }).flushHeaders();
      const next = async (sent: number): Promise<void> => {
        if (sent === 1_000) return void response.end();
        response.write(content.subarray(sent, sent + 100));
        await bench.came(sent + 100);
        clock.advance(9);
        await next(sent + 100);
      };
      void bench.began().then(() => {
        clock.advance(9);
        return next(0);
      });
    });
    expect((await bench.fetch({ clock, timeoutMs: 10 })).bytes).toBe(1_000);
    expect(clock.pending).toBe(0);
  });

  it('should end with its signal and its reason, and what came is kept', async () => {
    const clock = new VirtualClock();
    const aborting = new AbortController();
    const bench = await downloadBench(inTurn(some, serving(content, { etag: '"1"' })));
    const downloading = bench.fetch({ clock, signal: aborting.signal });
    await bench.came(1_000);
    aborting.abort('enough');
    await expect(downloading).rejects.toBe('enough');
    expect(clock.pending).toBe(0);
    await expect(bench.fetch({ signal: aborting.signal })).rejects.toBe('enough');
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(await bench.holds(content)).toBe(true);
  });

  it('should share one listener on its signal with all that this may end, and leave none', async () => {
    const { signal } = new AbortController();
    const listeners: number[] = [];
    const bench = await downloadBench((...request) => {
      listeners.push(getEventListeners(signal, 'abort').length);
      serving(content)(...request);
    });
    await Promise.all([bench.file, `${bench.file}.mp4`].map((file) => bench.fetch({ file, signal })));
    expect(Math.max(...listeners)).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
