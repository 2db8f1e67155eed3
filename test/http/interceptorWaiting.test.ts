import { Readable } from 'node:stream';
import { fetch as undiciFetch, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { CostOverCapacityError, QueueFullError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { status, stuck } from './loopback.js';
import { patiently, read, setUp, type Setup } from './throughInterceptor.js';

/** One request that keeps all others waiting until it is let go. */
async function occupy({ server, dispatcher }: Setup): Promise<() => void> {
  const { body } = await request(`${server.url}/stuck`, { dispatcher });
  return () => body.destroy();
}

const replies = { '/': status(200), '/stuck': stuck };
const get = { path: '/', method: 'GET' } as const;

describe('a request that waits', () => {
  it('should go when its turn comes, in the order of dispatch', async () => {
    const setup = await setUp({ ...replies, '/a': status(200), '/b': status(200), '/c': status(200) });
    const letGo = await occupy(setup);
    const waiting = ['/a', '/b', '/c'].map((path) => read(setup, path));
    expect(setup.limiter).toMatchObject({ active: 1, waiting: 3 });
    letGo();
    await Promise.all(waiting);
    expect(setup.server.arrivals.map(({ path }) => path)).toEqual(['/stuck', '/a', '/b', '/c']);
  });

  it('should give its place up at an abort, and fail with the reason', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const aborting = new AbortController();
    const aborted = read(setup, '/', { signal: aborting.signal });
    const next = read(setup);
    const reason = new Error('no patience');
    aborting.abort(reason);
    expect(setup.limiter).toMatchObject({ active: 1, waiting: 1 });
    await expect(aborted).rejects.toBe(reason);
    letGo();
    await next;
    expect(setup.server.arrivals).toHaveLength(2);
    expect(setup.record.taken).toHaveLength(2);
  });

  it.each([
    ['of Node', fetch as unknown as typeof undiciFetch],
    ['of undici', undiciFetch],
  ])('should give its place up where a fetch %s is aborted', async (_, fetchIt) => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const aborting = new AbortController();
    const { dispatcher } = setup;
    const aborted = fetchIt(`${setup.server.url}/`, { dispatcher, signal: aborting.signal });
    await expect.poll(() => setup.limiter.waiting, patiently).toBe(1);
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(setup.limiter).toMatchObject({ active: 1, waiting: 0 });
    letGo();
    await read(setup);
    expect(setup.server.arrivals).toHaveLength(2);
  });

  it('should not even wait where it is aborted from the start', async () => {
    const setup = await setUp(replies);
    const aborted = read(setup, '/', { signal: AbortSignal.abort(new Error('never')) });
    expect(setup.limiter).toMatchObject({ active: 0, waiting: 0 });
    await expect(aborted).rejects.toThrow('never');
    expect(setup.record.taken).toEqual([]);
  });

  it("should fail with an error like undici's own where the abort has no reason", async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const errors: Error[] = [];
    let abort = (): void => undefined;
    setup.dispatcher.dispatch(
      { origin: setup.server.url, ...get },
      {
        onRequestStart: (controller) => (abort = controller.abort.bind(controller) as () => void),
        onResponseError: (_, error) => errors.push(error),
      },
    );
    abort();
    expect(errors).toMatchObject([{ name: 'AbortError', code: 'UND_ERR_ABORTED', message: 'Request aborted' }]);
    expect(setup.limiter.waiting).toBe(0);
    letGo();
  });

  it('should give its place up where a pipeline is destroyed', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const duplex = setup.dispatcher.pipeline({ origin: setup.server.url, ...get }, ({ body }) => body);
    const errors: unknown[] = [];
    duplex.on('error', (error) => errors.push(error)).destroy();
    await expect.poll(() => errors, patiently).toMatchObject([{ code: 'UND_ERR_ABORTED' }]);
    expect(setup.limiter.waiting).toBe(0);
    letGo();
  });

  it('should be left alone by an abort that comes after all is over', async () => {
    const setup = await setUp(replies);
    const aborting = new AbortController();
    await read(setup, '/', { signal: aborting.signal });
    aborting.abort();
    await expect(read(setup)).resolves.toBe('an answer');
    expect(setup.record.outcomes).toEqual(['succeeded', 'succeeded']);
  });

  it('should give its place up where the body that it would send fails', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const body = new Readable({ read: () => undefined });
    const failed = read(setup, '/', { method: 'POST', body });
    body.destroy(new Error('no such file'));
    await expect(failed).rejects.toThrow('no such file');
    expect(setup.limiter).toMatchObject({ active: 1, waiting: 0 });
    letGo();
    await read(setup);
    expect(setup.server.arrivals.map(({ path }) => path)).toEqual(['/stuck', '/']);
  });

  it('should hear its body fail even where nobody else listens', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const body = new Readable({ read: () => undefined });
    const errors: Error[] = [];
    setup.dispatcher.dispatch(
      { origin: setup.server.url, ...get, method: 'POST', body },
      { onRequestStart: () => undefined, onResponseError: (_, error) => errors.push(error) },
    );
    body.destroy(new Error('no such file'));
    await expect.poll(() => errors.map(({ message }) => message), patiently).toEqual(['no such file']);
    expect(body.listenerCount('error')).toBe(0);
    letGo();
  });

  it('should leave no listener on its body behind', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const body = Readable.from(['hello']);
    const alone = Readable.from(['hello']);
    const sent = read(setup, '/', { method: 'POST', body });
    expect(body.listenerCount('error')).toBe(1);
    letGo();
    await sent;
    await request(`${setup.server.url}/`, { method: 'POST', body: alone }).then((answer) => answer.body.dump());
    expect(body.listenerCount('error')).toBe(alone.listenerCount('error'));
  });

  it('should fail where it could never pass, or the queue is full', async () => {
    const over = await setUp(replies, { cost: () => 2 });
    await expect(read(over)).rejects.toBeInstanceOf(CostOverCapacityError);
    const full = await setUp(replies, {}, { limits: [concurrency({ limit: 1 })], queue: { maxSize: 1 } });
    const letGo = await occupy(full);
    const waiting = read(full);
    await expect(read(full)).rejects.toBeInstanceOf(QueueFullError);
    letGo();
    await waiting;
  });

  it('should fail where the queue drops it', async () => {
    const queue = { maxSize: 1, overflow: 'drop-oldest' } as const;
    const setup = await setUp(replies, {}, { limits: [concurrency({ limit: 1 })], queue });
    const letGo = await occupy(setup);
    const oldest = read(setup);
    const newest = read(setup);
    await expect(oldest).rejects.toBeInstanceOf(QueueFullError);
    letGo();
    await expect(newest).resolves.toBe('an answer');
  });

  it('should fail with its dispatcher', async () => {
    const setup = await setUp(replies);
    const letGo = await occupy(setup);
    const waiting = read(setup);
    const destroyed = setup.dispatcher.destroy();
    letGo();
    await expect(waiting).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
    await destroyed;
    expect(setup.limiter).toMatchObject({ active: 0, waiting: 0 });
  });
});
