import { Agent, fetch as undiciFetch, interceptors, request, type Dispatcher } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { sluice } from '../../src/http/interceptor.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { status } from './loopback.js';
import { read, setUp } from './throughInterceptor.js';

const replies = { '/': status(200) };
const get = { path: '/', method: 'GET' } as const;

describe('the dispatch of the interceptor', () => {
  const silent: Dispatcher.DispatchHandler = { onRequestStart: () => undefined, onResponseError: () => undefined };
  const oneAtATime = () => createLimiter({ limits: [concurrency({ limit: 1 })] });

  it('should return what the dispatcher does, and true for a request that waits', () => {
    const limiter = oneAtATime();
    const dispatch = sluice(limiter)(() => false);
    expect(dispatch(get, silent)).toBe(false);
    expect(dispatch(get, silent)).toBe(true);
  });

  it('should give what the dispatcher throws to the handler, and the permit back', () => {
    const limiter = oneAtATime();
    const broken = new Error('broken');
    const dispatch = sluice(limiter)(() => {
      throw broken;
    });
    const errors: unknown[] = [];
    const handler = { ...silent, onResponseError: (_: unknown, error: Error) => errors.push(error) };
    dispatch(get, handler);
    dispatch(get, handler);
    expect(errors).toEqual([broken, broken]);
    expect(limiter.active).toBe(0);
  });

  it('should give what the handler throws at its start back to it', () => {
    const limiter = oneAtATime();
    const broken = new Error('broken');
    const errors: unknown[] = [];
    const dispatched: unknown[] = [];
    sluice(limiter)((options) => dispatched.push(options) > 0)(get, {
      onRequestStart: () => {
        throw broken;
      },
      onResponseError: (_, error) => errors.push(error),
    });
    expect(errors).toEqual([broken]);
    expect(dispatched).toEqual([]);
    expect(limiter).toMatchObject({ active: 0, waiting: 0 });
  });

  it('should let a cost that throws be heard by the caller', async () => {
    const setup = await setUp(replies, {
      cost: () => {
        throw new Error('no idea');
      },
    });
    await expect(read(setup)).rejects.toThrow('no idea');
    await expect(undiciFetch(setup.server.url, { dispatcher: setup.dispatcher })).rejects.toThrow();
  });

  it('should say so where the handler is of another undici, and could not be told of its end', () => {
    const limiter = oneAtATime();
    const dispatch = sluice(limiter)(() => true);
    const old = { onConnect: () => undefined, onHeaders: () => true, onError: () => undefined };
    expect(() => dispatch(get, old)).toThrow(OptionsError);
    expect(() => dispatch(get, old)).toThrow('take the dispatcher from undici 7');
    expect(limiter).toMatchObject({ active: 0, waiting: 0 });
  });

  it('should pass on to the connection what its handler asked for before there was one', () => {
    const limiter = oneAtATime();
    const asked: string[] = [];
    const connection: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      abort: (reason) => asked.push(`abort: ${reason.message}`),
      pause: () => asked.push('pause'),
      resume: () => asked.push('resume'),
    };
    let early: Dispatcher.DispatchController | undefined;
    let connect = (): void => undefined;
    const dispatch = sluice(limiter)((_, handler) => {
      connect = () => handler.onRequestStart?.(connection, { history: ['a'] });
      return true;
    });
    const contexts: unknown[] = [];
    dispatch(get, {
      onRequestStart: (controller, context) => {
        early = controller;
        contexts.push(context);
      },
    });
    early?.pause();
    expect(early).toMatchObject({ paused: true, aborted: false, reason: null });
    connect();
    expect(contexts).toEqual([{ history: ['a'] }]);
    early?.resume();
    early?.pause();
    early?.resume();
    early?.abort(new Error('enough'));
    early?.abort(new Error('enough, I say'));
    expect(asked).toEqual(['pause', 'resume', 'pause', 'resume', 'abort: enough']);
    expect(early).toMatchObject({ paused: false, aborted: true, reason: { message: 'enough' } });
  });

  it('should share the raw headers of the connection', () => {
    const connection: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: ['a', '1'],
      rawTrailers: ['b', '2'],
      abort: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    };
    let early: Dispatcher.DispatchController | undefined;
    let connect = (): void => undefined;
    const dispatch = sluice(oneAtATime())((_, handler) => {
      connect = () => handler.onRequestStart?.(connection, undefined);
      return true;
    });
    dispatch(get, { onRequestStart: (controller) => (early = controller) });
    expect(early).toMatchObject({ rawHeaders: null, rawTrailers: null });
    connect();
    expect(early).toMatchObject({ rawHeaders: ['a', '1'], rawTrailers: ['b', '2'] });
    Object.assign(early ?? {}, { rawHeaders: ['c', '3'], rawTrailers: ['d', '4'] });
    expect(connection).toMatchObject({ rawHeaders: ['c', '3'], rawTrailers: ['d', '4'] });
  });

  it('should abort a request that is dispatched, but has no connection yet, as soon as there is one', () => {
    const limiter = oneAtATime();
    const asked: unknown[] = [];
    const connection = { aborted: false, paused: false, reason: null, pause: () => 0, resume: () => 0 };
    let connect = (): void => undefined;
    const dispatch = sluice(limiter)((_, handler) => {
      const abort = (reason: Error): void => {
        asked.push(reason);
        handler.onResponseError?.({ ...connection, abort }, reason);
      };
      connect = () => handler.onRequestStart?.({ ...connection, abort }, undefined);
      return true;
    });
    let early: Dispatcher.DispatchController | undefined;
    const errors: unknown[] = [];
    dispatch(get, {
      onRequestStart: (controller) => (early = controller),
      onResponseError: (_, error) => errors.push(error),
    });
    const reason = new Error('enough');
    early?.abort(reason);
    expect(limiter.active).toBe(1);
    connect();
    expect(asked).toEqual([reason]);
    expect(errors).toEqual([reason]);
    expect(limiter.active).toBe(0);
  });

  it.each([
    ['the start of an answer', { onResponseStart: fail }],
    ['data', { onResponseData: fail }],
    ['the end', { onResponseEnd: fail }],
  ])('should get its permit back from a handler that throws at %s', async (_, part) => {
    const setup = await setUp(replies);
    const error = await new Promise<Error>((resolve) => {
      setup.dispatcher.dispatch(
        { origin: setup.server.url, ...get },
        { onRequestStart: () => undefined, onResponseError: (_, reason) => resolve(reason), ...part },
      );
    });
    expect(error.message).toBe('clumsy');
    expect(setup.limiter.active).toBe(0);
    expect(setup.record.outcomes).toHaveLength(1);
    await expect(read(setup)).resolves.toBe('an answer');
  });

  it('should not let a handler that throws at an error harm the limiter, nor silence it', async () => {
    const raised = nextUncaught();
    const limiter = oneAtATime();
    const dispatch = sluice(limiter)(() => {
      throw new Error('broken');
    });
    dispatch(get, { onRequestStart: () => undefined, onResponseError: fail });
    await expect(raised).resolves.toMatchObject({ message: 'clumsy' });
    expect(limiter.active).toBe(0);
    await expect(limiter.run(() => 'well')).resolves.toBe('well');
  });

  it('should tell a handler only once, even where it throws at that', async () => {
    const raised = nextUncaught();
    const limiter = oneAtATime();
    const agent = new Agent();
    await agent.destroy();
    const codes: unknown[] = [];
    const handler = {
      onRequestStart: () => undefined,
      onResponseError: (_: unknown, error: Error) => {
        codes.push(Reflect.get(error, 'code'));
        fail();
      },
    };
    agent.compose(sluice(limiter)).dispatch({ origin: 'http://127.0.0.1', ...get }, handler);
    await expect(raised).resolves.toMatchObject({ message: 'clumsy' });
    expect(codes).toEqual(['UND_ERR_DESTROYED']);
    expect(limiter.active).toBe(0);
  });

  it('should let an abort rest that comes after a request failed without a connection', () => {
    let early: Dispatcher.DispatchController | undefined;
    const errors: string[] = [];
    const dispatch = sluice(oneAtATime())(() => {
      throw new Error('broken');
    });
    dispatch(get, {
      onRequestStart: (controller) => (early = controller),
      onResponseError: (_, error) => errors.push(error.message),
    });
    early?.abort(new Error('too late'));
    expect(errors).toEqual(['broken']);
  });

  it('should bring the context of interceptors below', async () => {
    const { server, limiter } = await setUp({
      ...replies,
      '/old': (response) => response.writeHead(302, { location: '/' }).end(),
    });
    const agent = new Agent().compose(interceptors.redirect({ maxRedirections: 1 }), sluice(limiter));
    const { context, body } = await request(`${server.url}/old`, { dispatcher: agent });
    await body.dump();
    expect(context).toMatchObject({ history: [{ pathname: '/old' }, { pathname: '/' }] });
    await agent.destroy();
  });

  it.each([
    ['an unknown option', () => sluice(oneAtATime(), { costs: 1 } as never)],
    ['a cost that is no function', () => sluice(oneAtATime(), { cost: 1 } as never)],
    ['no limiter', () => sluice({} as never)],
  ])('should refuse %s', (_, make) => {
    expect(make).toThrow(OptionsError);
  });
});

/** The next exception that nobody catches, which the test runner is not to hear of. */
function nextUncaught(): Promise<unknown> {
  const others = process.listeners('uncaughtException');
  onTestFinished(() => {
    for (const listener of others) process.on('uncaughtException', listener);
  });
  process.removeAllListeners('uncaughtException');
  return new Promise((resolve) => process.once('uncaughtException', resolve));
}

function fail(): never {
  throw new Error('clumsy');
}
