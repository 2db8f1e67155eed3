import { rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseRateLimit, parseRateLimitPolicy } from '../../src/http/rateLimitFields.js';
import { parseRetryAfter } from '../../src/http/retryAfter.js';
import { Backend, backendFor } from './backend.js';
import { Following } from './following.js';

describe('the streaming backend', () => {
  it('makes a video and tells its owner all the way', async () => {
    const backend = await backendFor();
    const person = await backend.person();
    const following = new Following(person);
    const id = await person.submit('a lighthouse');
    await following.until(() => following.tasks.get(id)?.phase === 'done');
    const order = ['waiting', 'starting', 'running', 'done'];
    const phases = [...new Set(following.told.map(({ phase }) => phase))];
    expect(phases).toEqual(order.filter((phase) => phases.includes(phase)));
    expect(phases).toContain('running');

    const { video = '' } = following.tasks.get(id) ?? {};
    const whole = await person.call('GET', video);
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect(Buffer.from(bytes.subarray(4, 8)).toString()).toBe('ftyp');
    const part = await person.call('GET', video, undefined, { range: 'bytes=0-7' });
    expect([part.status, new Uint8Array(await part.arrayBuffer())]).toEqual([206, bytes.slice(0, 8)]);
  });

  it('shares the account fairly: who comes later with one does not wait for all of who came first', async () => {
    const taskMs = { min: 60_000, max: 60_000 };
    const backend = await backendFor({ env: { TASKS: '2', TASKS_EACH: '1' }, simulator: { tasks: 2, taskMs } });
    const [many, one] = [await backend.person(), await backend.person()];
    const [first, second] = [new Following(many), new Following(one)];
    for (let i = 0; i < 4; i++) await many.submit(`of many ${i}`);
    await first.until(() => first.phases().includes('running'));
    await one.submit('the only one');
    await second.until(() => second.phases().includes('done'));
    await first.until(() => first.phases().every((phase) => phase === 'done'));
    const { tasks, refused } = backend.simulator.books();
    expect(tasks).toHaveLength(5);
    expect(tasks.at(-1)?.prompt).toMatch(/^of many/);
    const ofMany = tasks.filter(({ prompt }) => prompt !== 'the only one');
    for (const [i, { startsAtMs }] of ofMany.slice(1).entries()) {
      expect(startsAtMs).toBeGreaterThanOrEqual(ofMany[i]!.endsAtMs);
    }
    expect(refused).toEqual({});
  });

  it('says where in the line each stands, and when its turn may come', async () => {
    const taskMs = { min: 60_000, max: 60_000 };
    const backend = await backendFor({ env: { TASKS: '1' }, simulator: { tasks: 1, taskMs } });
    const person = await backend.person();
    const following = new Following(person);
    const ids: string[] = [];
    for (const prompt of ['a', 'b', 'c']) ids.push(await person.submit(prompt));
    await following.until(() => ids.slice(1).every((id, i) => following.tasks.get(id)?.ahead === i));
    expect(following.tasks.get(ids[2] ?? '')).toMatchObject({
      phase: 'waiting',
      startsAtMs: expect.any(Number) as number,
    });
    expect((await person.call('DELETE', `/api/tasks/${ids[1]}`)).status).toBe(204);
    await following.until(() => following.tasks.get(ids[2] ?? '')?.ahead === 0);
    expect(following.tasks.get(ids[1] ?? '')?.phase).toBe('cancelled');
    await following.until(() => following.tasks.get(ids[2] ?? '')?.phase === 'done');
    expect(backend.simulator.books().tasks).toHaveLength(2);
  });

  it('says clearly that the queue is full, to people and to programs', async () => {
    const simulator = { tasks: 1, taskMs: { min: 3_600_000, max: 3_600_000 } };
    const backend = await backendFor({ env: { TASKS: '1', WAITING: '2', WAITING_EACH: '1' }, simulator });
    const [one, two, three] = [await backend.person(), await backend.person(), await backend.person()];
    await one.submit('runs');
    await one.submit('waits');
    const own = await one.call('POST', '/api/tasks', { prompt: 'one too many of mine' });
    expect(own.status).toBe(429);
    expect(await own.json()).toMatchObject({
      code: 'QUEUE_FULL',
      message: expect.stringContaining('You have 1') as string,
    });
    await two.submit('waits too');
    const all = await three.call('POST', '/api/tasks', { prompt: 'one too many' });
    const { message, retryAfterSeconds } = (await all.json()) as Record<string, unknown>;
    expect([all.status, message]).toEqual([429, expect.stringContaining('The queue is full: 2 videos are waiting')]);
    const [retryAfter, policy, limit] = ['retry-after', 'ratelimit-policy', 'ratelimit'].map((it) =>
      all.headers.get(it),
    );
    expect(parseRetryAfter(retryAfter ?? '', 0)).toBe(Number(retryAfterSeconds) * 1_000);
    expect(parseRateLimitPolicy(policy ?? '')).toMatchObject([{ name: 'waiting-all', quota: 2 }]);
    expect(parseRateLimit(limit ?? '').limits).toMatchObject([{ name: 'waiting-all', remaining: 0 }]);
  });

  it('explains a failure in words, and goes on with the rest', async () => {
    const backend = await backendFor({ simulator: { faults: { failing: { at: [1] } } } });
    const person = await backend.person();
    const following = new Following(person);
    const id = await person.submit('fails');
    await following.until(() => following.tasks.get(id)?.phase === 'failed');
    expect(following.tasks.get(id)?.note).toMatch(/could not be made, and nothing was charged/);
    const next = await person.submit('works');
    await following.until(() => following.tasks.get(next)?.phase === 'done');
    expect((await person.call('DELETE', `/api/tasks/${id}`)).status).toBe(204);
    await following.until(() => !following.tasks.has(id));
  });
});

describe('the streaming backend, killed at any time', () => {
  it('goes on with what ran and what waited, makes nothing twice, and its people are told', async () => {
    const backend = await backendFor({ env: { TASKS: '2' }, simulator: { tasks: 2 } });
    const person = await backend.person();
    const following = new Following(person);
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await person.submit(`scene ${i}`));
    await following.until(() => following.phases().filter((phase) => phase === 'running').length === 2);
    await backend.kill();
    await backend.restart();
    await following.until(
      () => following.resets === 1 && following.phases().filter((it) => it === 'done').length === 3,
    );
    await backend.kill();
    await backend.restart();
    await following.until(() => ids.every((id) => following.tasks.get(id)?.phase === 'done'));
    expect(following.tasks.size).toBe(6);
    expect(backend.simulator.books().tasks).toHaveLength(6);
    expect(following.resets).toBe(2);
  });

  it('is one process at a time: a second one on the same directory leaves, and takes nothing', async () => {
    const backend = await backendFor();
    const person = await backend.person();
    const following = new Following(person);
    const second = new Backend(backend.simulator, {}, backend.directory);
    await expect(second.restart()).rejects.toThrow('JournalLockedError');
    const id = await person.submit('after the second');
    await following.until(() => following.tasks.get(id)?.phase === 'done');
    await backend.kill();
    await backend.restart();
    await following.until(() => following.resets === 1 && following.tasks.get(id)?.phase === 'done');
  });

  it('says in a line that its port is taken, or what of its settings is wrong', async () => {
    const { simulator, url } = await backendFor();
    for (const env of [{ PORT: new URL(url).port }, { TASKS: '0' }]) {
      const other = new Backend(simulator, env);
      onTestFinished(() => rmSync(other.directory, { recursive: true }));
      await expect(other.restart()).rejects.toThrow(/EADDRINUSE.*set HOST or PORT|TASKS: /);
      expect(other.printed.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('resumes a stream that broke off with what has changed, and nothing twice', async () => {
    const backend = await backendFor({ env: { TASKS: '1' }, simulator: { tasks: 1 } });
    const person = await backend.person();
    const before = new Following(person);
    const done = await person.submit('first');
    await before.until(() => before.tasks.get(done)?.phase === 'done');
    before.close();
    const lastEventId = before.ids.at(-1) ?? '';
    const next = await person.submit('second');
    const answer = await person.call('GET', '/api/events', undefined, { 'last-event-id': lastEventId });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"phase":"done"')) text += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(text).toContain(next);
    expect(text).not.toContain(done);
    expect(text).not.toContain('reset');
  });
});
