import { concat, ignoreElements, map, NEVER, of, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { after } from '../../operators/time/after.js';
import { begin, play, type Generating } from './generating.js';
import type { Fault, Sent } from './fakeServer.js';
import type { VirtualClock } from './virtualClock.js';

const between = (fromMs: number, untilMs: number, what: Sent['kind'], fault: Fault) => (sent: Sent) =>
  sent.kind === what && sent.atMs >= fromMs && sent.atMs < untilMs ? fault : undefined;

function submittedAtMs({ server }: Generating, prompt: string): number | undefined {
  return server.sent.find((it) => it.kind === 'submit' && it.prompt === prompt)?.atMs;
}

function told({ recording }: Generating) {
  return recording.timeline.map(([atMs, { index, error, status }]) => [atMs, index, error?.meaning ?? status]);
}

describe('the slot of an overdue task, for which others wait', () => {
  const slow = { prompt: 'a', takesMs: 5_000 };
  const options = { prompts: [slow, 'b'], concurrent: 1, deadlineMs: 1_000 };
  const at = (atMs: number, clock: VirtualClock) => after(atMs, clock).pipe(take(1));

  it('is held through errors that may pass, for however long they last', async () => {
    const server = { faultOf: between(1_001, 4_500, 'poll', 'transient') };
    const played = await play({ ...options, server });
    expect(told(played).slice(0, 2)).toEqual([
      [1_000, 0, 'overdue'],
      [8_010, 0, 'succeeded'],
    ]);
    expect(submittedAtMs(played, 'b')).toBe(8_010);
  });

  it('is let go once answers have been strange for a whole deadline', async () => {
    const server = { faultOf: between(1_011, Infinity, 'poll', 'invalid') };
    const played = await play({ ...options, deadlineMs: 1_010, server });
    // The last answer that was of use came at 1010 ms, and the second strange one at 2020 ms.
    expect(submittedAtMs(played, 'b')).toBe(2_020);
  });

  it('is held where nobody waits yet, and somebody may come', async () => {
    const prompts = (clock: VirtualClock) => concat(of(slow), at(2_000, clock).pipe(map(() => 'b')));
    const played = await play({ ...options, prompts });
    expect(told(played)).toEqual([
      [1_000, 0, 'overdue'],
      [5_000, 0, 'succeeded'],
      [5_100, 1, 'succeeded'],
    ]);
    expect([played.server.greatestRunning, submittedAtMs(played, 'b')]).toEqual([1, 5_000]);
  });

  it('is let go once nobody will come any more', async () => {
    const prompts = (clock: VirtualClock) => concat(of(slow), at(2_005, clock).pipe(ignoreElements()));
    const { recording } = await play({ ...options, prompts });
    expect(recording).toMatchObject({ end: '|', endedAtMs: 2_010 });
    const stopping = new AbortController();
    const stopped = begin({ ...options, prompts: () => concat(of(slow), NEVER), stop: stopping.signal });
    stopped.clock.schedule(2_005, () => stopping.abort());
    await stopped.clock.settle(10_000);
    expect(stopped.recording).toMatchObject({ end: '|', endedAtMs: 2_010 });
  });

  it('is told of twice: that it is overdue, and its end', async () => {
    const { events } = await play(options);
    const types = events.filter(({ index }) => index === 0).map(({ type }) => type);
    expect(types).toEqual(['queued', 'submitting', 'submitted', 'processing', 'ended', 'ended']);
  });
});

describe('the slot of a task that may exist, for which others wait', () => {
  const options = { prompts: ['a', 'b'], concurrent: 1, deadlineMs: 15_000, pollIntervalMs: 1_000 };
  /** The answer to the first submit is lost, whether or not it made a task, and no look-up is answered until 20 s. */
  const lost = (fault: 'lost' | 'ambiguous', untilMs = 20_000) => {
    const failing = between(0, untilMs, 'look-up', 'transient');
    return { faultOf: (sent: Sent) => (sent.kind === 'submit' && sent.prompt === 'a' ? fault : failing(sent)) };
  };

  it('is let go at its end, which is told as a result, too', async () => {
    const prompts = [{ prompt: 'a', takesMs: 60_000 }, 'b'];
    const played = await play({ ...options, prompts, server: lost('lost') });
    expect(told(played).slice(0, 2)).toEqual([
      [16_000, 0, 'ambiguous'],
      [60_000, 0, 'succeeded'],
    ]);
    expect(submittedAtMs(played, 'b')).toBe(60_000);
    expect(played.recording.values[1]).toMatchObject({ isFinal: true, taskId: 't-1', attempts: 1, credits: 1 });
    expect(played.server.sentAs('poll')).not.toContain('a');
  });

  it('is let go as soon as it is known that there is none, with the credits of the day', async () => {
    const played = await play({ ...options, dailyCredits: 1, server: lost('ambiguous') });
    expect(told(played)[0]).toEqual([16_000, 0, 'ambiguous']);
    expect(submittedAtMs(played, 'b')).toBe(20_000);
    expect(told(played)).toHaveLength(2);
  });

  it('is held, too, where nobody waits yet, and somebody may come', async () => {
    const prompts = (clock: VirtualClock) =>
      concat(
        of({ prompt: 'a', takesMs: 60_000 }),
        after(18_000, clock).pipe(
          take(1),
          map(() => 'b'),
        ),
      );
    const played = await play({ ...options, prompts, server: lost('lost') });
    expect([played.server.greatestRunning, submittedAtMs(played, 'b')]).toEqual([1, 60_000]);
  });

  it('is let go once nothing was heard of it for a whole deadline more', async () => {
    const played = await play({ ...options, deadlineMs: 16_000, server: lost('lost', Infinity) });
    // Given up after the look at 32 s, and let go with the one at 48 s.
    expect(submittedAtMs(played, 'b')).toBe(48_000);
  });

  it('is let go without another look as the last who waited for it has gone', async () => {
    const stopping = new AbortController();
    const generating = begin({ ...options, server: lost('lost'), stop: stopping.signal });
    await generating.clock.settle(16_500);
    stopping.abort();
    const { length } = generating.server.sent;
    await generating.clock.settle();
    expect(generating.server.sent).toHaveLength(length);
    expect(generating.recording.end).toBe('|');
  });

  it('leaves nothing behind where all is unsubscribed from amid a look', async () => {
    const { server, clock, recording } = begin({ ...options, server: { ...lost('lost'), latencyMs: 100 } });
    while (recording.values.length === 0) await clock.settle(10);
    const { length } = server.sent;
    while (server.sent.length === length) await clock.settle(10);
    expect(server.sent.at(-1)?.kind).toBe('look-up');
    recording.subscription.unsubscribe();
    expect(clock.pending).toBe(0);
  });
});
