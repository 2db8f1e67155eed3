import { describe, expect, it } from 'vitest';
import type { RefusalMeaning } from '../../src/refusal.js';
import type { Fault, Sent } from './fakeServer.js';
import { play, type Generating } from './generating.js';

/** Faults by the kind of the request, the prompt and its number: `{ 'submit a1': 'too-fast' }`. */
function script(faults: Readonly<Record<string, Fault>>): { readonly faultOf: (sent: Sent) => Fault } {
  return { faultOf: ({ kind, prompt, nth }) => faults[`${kind} ${prompt}${nth}`] ?? faults[`${kind} ${prompt}*`] };
}

/** When the requests of a kind left. */
function sentAtMs({ server }: Generating, kind: Sent['kind'], prompt: string): readonly number[] {
  return server.sent.filter((it) => it.kind === kind && it.prompt === prompt).map(({ atMs }) => atMs);
}

function outcomes({ recording }: Generating): Readonly<Record<string, string>> {
  return Object.fromEntries(
    recording.values.map(({ prompt, status, error }) => [
      String(typeof prompt === 'string' ? prompt : prompt.prompt),
      error === undefined ? status : error.meaning,
    ]),
  );
}

describe('generate, where a submit is refused', () => {
  describe('as too fast', () => {
    it('keeps everybody from sending until the hint has passed, and then sends one first', async () => {
      const refused = { meaning: 'too-fast', hintMs: 5_000 } as const;
      const server = { ...script({ 'submit a1': refused }), latencyMs: 1 };
      const played = await play({ prompts: ['a', 'b', 'c'], concurrent: 1, server, pollIntervalMs: 100 });
      expect(sentAtMs(played, 'submit', 'a')).toEqual([0, 5_002]);
      expect(outcomes(played)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded' });
    });

    it('cools the polls of others, too', async () => {
      const refused = { meaning: 'too-fast', hintMs: 5_000 } as const;
      const prompts = ['a', { prompt: 'b', takesMs: 1_000 }];
      const played = await play({ prompts, server: script({ 'submit a1': refused }), pollIntervalMs: 100 });
      expect(sentAtMs(played, 'poll', 'b')[0]).toBeGreaterThanOrEqual(5_000);
    });

    it('gives up after maxRetries', async () => {
      const played = await play({ prompts: ['a', 'b'], server: script({ 'submit a*': 'too-fast' }), maxRetries: 2 });
      expect(played.server.sentAs('submit')).toBe('a1 b1 a2 a3');
      expect(outcomes(played)).toEqual({ a: 'too-fast', b: 'succeeded' });
    });
  });

  describe('for want of a slot', () => {
    it('spends no attempt, and waits by backoff', async () => {
      const server = script({ 'submit a1': 'no-slot', 'submit a2': 'no-slot', 'submit a3': 'no-slot' });
      const played = await play({ prompts: ['a'], server, maxRetries: 0 });
      expect(sentAtMs(played, 'submit', 'a')).toEqual([0, 1_000, 3_000, 7_000]);
      expect(played.recording.values).toMatchObject([{ status: 'succeeded', attempts: 4 }]);
    });

    it('tries again as soon as a slot of ours comes free', async () => {
      const played = await play({ prompts: ['a', 'b'], server: { slots: 1 }, concurrent: 2, pollIntervalMs: 25 });
      expect(sentAtMs(played, 'submit', 'b')).toEqual([0, 100]);
      expect(outcomes(played)).toEqual({ a: 'succeeded', b: 'succeeded' });
    });
  });

  describe('by an answer that was lost', () => {
    it('looks before anything else, and adopts what it finds', async () => {
      const prompts = [{ prompt: 'a', takesMs: 3_000 }];
      const played = await play({ prompts, server: script({ 'submit a1': 'lost' }), pollIntervalMs: 100 });
      expect(played.server.sent.slice(0, 2).map(({ kind, atMs }) => [kind, atMs])).toEqual([
        ['submit', 0],
        ['look-up', 1_000],
      ]);
      expect(played.server.tasks).toHaveLength(1);
      expect(played.recording.values).toMatchObject([{ status: 'succeeded', taskId: 't-1', attempts: 1 }]);
    });

    it('sends again under the same id where there is nothing', async () => {
      const played = await play({ prompts: ['a'], server: script({ 'submit a1': 'ambiguous' }) });
      const [first, ...others] = played.server.sent.filter(({ kind }) => kind !== 'poll');
      expect(others.map(({ kind, id }) => [kind, id])).toEqual([
        ['look-up', first?.id],
        ['submit', first?.id],
      ]);
      expect(played.recording.values).toMatchObject([{ status: 'succeeded', attempts: 2 }]);
    });

    it('looks until it is told, whatever becomes of the looking', async () => {
      const server = script({
        'submit a1': 'lost',
        'look-up a1': 'transient',
        'look-up a2': 'lost',
        'look-up a3': 'too-fast',
        'look-up a4': 'ambiguous',
        'look-up a5': 'transient',
        'look-up a6': 'transient',
        'look-up a7': 'transient',
      });
      const played = await play({ prompts: ['a'], server, maxRetries: 1 });
      expect(played.server.sentAs('submit')).toBe('a1');
      expect(played.server.sentAs('look-up')).toBe('a1 a2 a3 a4 a5 a6 a7 a8');
      expect(outcomes(played)).toEqual({ a: 'succeeded' });
    });

    it('looks no longer than its deadline, and then says that there may be a task', async () => {
      const server = script({ 'submit a1': 'lost', 'look-up a*': 'transient' });
      const played = await play({ prompts: ['a', 'b'], server, concurrent: 1, deadlineMs: 10_000 });
      const looksAtMs = sentAtMs(played, 'look-up', 'a');
      expect(looksAtMs.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
      // Its slot is held for another deadline, since somebody waits: the next goes only then.
      expect(sentAtMs(played, 'submit', 'b')[0]).toBeGreaterThanOrEqual(26_000);
      expect(played.recording.values).toMatchObject([
        { status: 'failed', attempts: 1, error: { meaning: 'ambiguous', code: 'SLUICE_LOOK_UP_FAILED' } },
        { status: 'succeeded' },
      ]);
    });

    it('looks once more before it gives up', async () => {
      const server = script({ 'submit a1': 'ambiguous', 'submit a2': 'lost' });
      const played = await play({ prompts: ['a'], server, maxRetries: 1 });
      expect(played.server.sentAs('submit')).toBe('a1 a2');
      expect(played.server.sentAs('look-up')).toBe('a1 a2');
      expect(outcomes(played)).toEqual({ a: 'succeeded' });
    });

    it.each<RefusalMeaning>(['invalid', 'account'])(
      'does not give up over answers that are strange (%s)',
      async (meaning) => {
        const lookUps = {
          'look-up a1': meaning,
          'look-up a2': meaning,
          'look-up a3': 'transient',
          'look-up a4': meaning,
        } as const;
        const server = script({ 'submit a1': 'lost', ...lookUps });
        const played = await play({ prompts: ['a'], server, maxRetries: 2 });
        expect(played.server.sentAs('look-up')).toBe('a1 a2 a3 a4 a5');
        expect(outcomes(played)).toEqual({ a: 'succeeded' });
      },
    );

    it('gives up as ambiguous where they go on', async () => {
      const server = script({ 'submit a1': 'lost', 'look-up a*': 'invalid' });
      const played = await play({ prompts: ['a'], server, maxRetries: 2 });
      expect(played.server.sentAs('look-up')).toBe('a1 a2 a3');
      expect(played.recording.values).toMatchObject([{ isFinal: false, error: { code: 'SLUICE_LOOK_UP_FAILED' } }]);
    });

    it('gives up as ambiguous where it may not look', async () => {
      const server = script({ 'submit a1': 'lost', 'look-up a*': 'account' });
      const played = await play({ prompts: ['a'], server, maxRetries: 0 });
      expect(played.server.sentAs('submit')).toBe('a1');
      expect(played.recording.values).toMatchObject([
        { error: { meaning: 'ambiguous', code: 'SLUICE_LOOK_UP_FAILED' } },
      ]);
    });
  });

  it('looks for what is said to exist already, before anything else', async () => {
    const played = await play({ prompts: ['a'], server: script({ 'submit a1': 'duplicate' }) });
    expect(played.server.sent.slice(0, 2).map(({ kind }) => kind)).toEqual(['submit', 'look-up']);
    expect(played.server.tasks).toHaveLength(1);
    expect(played.recording.values).toMatchObject([{ taskId: 't-1', status: 'succeeded', attempts: 2 }]);
  });

  it('refuses an id that stands for another prompt, or that the server would not take', async () => {
    const ids = ['the-same', 'the-same', 'not an id'];
    const played = await play({ prompts: ['a', 'b', 'c'], externalId: (_, index) => ids[index] ?? '', concurrent: 1 });
    expect(played.server.sentAs('submit')).toBe('a1');
    expect(outcomes(played)).toEqual({ a: 'succeeded', b: 'invalid', c: 'invalid' });
  });

  it.each<RefusalMeaning>(['invalid', 'policy'])('ends that prompt alone where it is %s', async (meaning) => {
    const played = await play({ prompts: ['a', 'b'], server: script({ 'submit a1': meaning }) });
    expect(played.server.sentAs('submit')).toBe('a1 b1');
    expect(outcomes(played)).toEqual({ a: meaning, b: 'succeeded' });
  });

  it('sends no more of a product whose credits are used up, but of others, and keeps polling what runs', async () => {
    const image = (prompt: string) => ({ prompt, product: 'image' });
    const prompts = ['a', 'b', 'c', image('d'), 'e', image('f')];
    const server = { ...script({ 'submit b1': 'exhausted' }), latencyMs: 1 };
    const played = await play({ prompts, server, concurrent: 2 });
    expect(played.server.sentAs('submit')).toBe('a1 b1 d1 f1');
    expect(outcomes(played)).toEqual({
      a: 'succeeded',
      b: 'exhausted',
      c: 'exhausted',
      d: 'succeeded',
      e: 'exhausted',
      f: 'succeeded',
    });
  });

  it('sends nothing more at all where the account is refused, and keeps polling what runs', async () => {
    const prompts = ['a', 'b', { prompt: 'c', product: 'image' }, 'd'];
    const played = await play({ prompts, server: script({ 'submit b1': 'account' }), concurrent: 2 });
    expect(played.server.sentAs('submit')).toBe('a1 b1');
    expect(outcomes(played)).toEqual({ a: 'succeeded', b: 'account', c: 'account', d: 'account' });
  });

  it('tells its observer why a look-up brought nothing', async () => {
    const server = script({ 'submit a1': 'lost', 'look-up a1': 'transient' });
    const { events } = await play({ prompts: ['a'], server });
    const told = events.map((event) => ('refusal' in event ? `${event.type}: ${event.refusal.meaning}` : event.type));
    expect(told.slice(4, 8)).toEqual(['looking-up', 'refused: transient', 'retrying: transient', 'looking-up']);
  });

  it('waits for no slot once polls, or look-ups, have said again and again that the account is refused', async () => {
    const one = { prompts: ['a', 'b', 'c'], concurrent: 1, maxRetries: 1, pollIntervalMs: 25 };
    const polled = await play({ ...one, server: script({ 'poll a*': 'account' }) });
    expect([polled.server.sentAs('submit'), polled.server.sentAs('poll')]).toEqual(['a1', 'a1 a2']);
    expect(outcomes(polled)).toEqual({ a: 'account', b: 'account', c: 'account' });
    const lookedUp = await play({ ...one, server: script({ 'submit a1': 'lost', 'look-up a*': 'account' }) });
    expect([lookedUp.server.sentAs('submit'), lookedUp.server.sentAs('look-up')]).toEqual(['a1', 'a1 a2']);
    expect(outcomes(lookedUp)).toEqual({ a: 'ambiguous', b: 'account', c: 'account' });
  });

  it('sends no more of a closed product, though one of it was waiting to be tried again', async () => {
    const server = script({ 'submit a1': 'transient', 'submit b1': 'exhausted' });
    const played = await play({ prompts: ['a', 'b'], server });
    expect(played.server.sentAs('submit')).toBe('a1 b1');
    expect(outcomes(played)).toEqual({ a: 'exhausted', b: 'exhausted' });
  });

  it.each<RefusalMeaning>(['transient', 'auth-stale'])(
    'tries again, maxRetries times, where it is %s',
    async (meaning) => {
      const server = script({ 'submit a*': meaning, 'submit b1': meaning, 'submit b2': meaning });
      const played = await play({ prompts: ['a', 'b'], server, maxRetries: 2 });
      expect(sentAtMs(played, 'submit', 'a')).toEqual([0, 1_000, 3_000]);
      expect(outcomes(played)).toEqual({ a: meaning, b: 'succeeded' });
      expect(played.server.sentAs('look-up')).toBe('');
    },
  );
});

describe('generate, where a poll fails', () => {
  it('asks again, however often, where that may help', async () => {
    const faultOf = ({ kind, nth }: Sent): Fault =>
      kind === 'poll' && nth <= 20 ? (['transient', 'lost', 'ambiguous', 'no-slot'] as const)[nth % 4] : undefined;
    expect(outcomes(await play({ prompts: ['a'], server: { faultOf } }))).toEqual({ a: 'succeeded' });
  });

  it('asks again a few times where the answer is strange, from the start after one that is not', async () => {
    const strange = { 'poll a1': 'invalid', 'poll a2': 'invalid', 'poll a4': 'invalid', 'poll a5': 'invalid' } as const;
    const prompts = [{ prompt: 'a', takesMs: 10_000 }];
    const played = await play({ prompts, server: script(strange), maxRetries: 2 });
    expect(outcomes(played)).toEqual({ a: 'succeeded' });
  });

  it.each<{ fault: Fault; code: string }>([
    { fault: 'invalid', code: 'Error' },
    { fault: 'unknown', code: 'SLUICE_TASK_LOST' },
  ])('ends with a failure where answers are strange in a row ($fault), and goes on', async ({ fault, code }) => {
    const server = script({ 'poll a*': fault });
    const played = await play({ prompts: ['a', 'b'], server, maxRetries: 2, concurrent: 1, deadlineMs: 60_000 });
    // The third ends it; what follows of it is for its slot, which it may still hold.
    expect(played.recording.timeline[0]?.[0]).toBe(sentAtMs(played, 'poll', 'a')[2]);
    expect(played.server.greatestRunning).toBe(1);
    expect(played.recording.values).toMatchObject([
      { status: 'failed', taskId: 't-1', error: { meaning: 'invalid', code } },
      { status: 'succeeded' },
    ]);
  });

  it('tells its observer of each', async () => {
    const { events } = await play({ prompts: ['a'], server: script({ 'poll a1': 'transient' }) });
    expect(events.map(({ type }) => type)).toEqual(['queued', 'submitting', 'submitted', 'refused', 'ended']);
  });

  it('tells its observer that the task runs, once it knows again', async () => {
    const server = script({ 'poll a2': 'transient', 'poll a4': 'invalid' });
    const { events } = await play({ prompts: [{ prompt: 'a', takesMs: 60_000 }], server });
    const types = events.map(({ type }) => type).slice(2, -1);
    expect(types).toEqual(['submitted', 'processing', 'refused', 'processing', 'refused', 'processing']);
  });
});
