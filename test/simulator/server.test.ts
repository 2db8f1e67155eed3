import { once } from 'node:events';
import { request as rawRequest } from 'node:http';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { OptionsError } from '../../src/errors.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.js';
import { freePort } from '../freePort.js';
import { until } from '../until.js';
import { field } from './asking.js';

const running: Simulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

async function started(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ requests: 'off', ...options });
  running.push(simulator);
  return simulator;
}

const withKey = { authorization: 'Bearer sim-key' };

async function get(simulator: Simulator, path: string, headers: Record<string, string> = withKey) {
  const response = await fetch(simulator.url + path, { headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

async function post(simulator: Simulator, body: string, headers = withKey, product = 'videos/text2video') {
  const response = await fetch(`${simulator.url}/v1/${product}`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

const order = (more: object = {}): string => JSON.stringify({ prompt: 'a cat', ...more });

describe('startSimulator', () => {
  it('creates, answers queries, and serves the file of the result', async () => {
    const simulator = await started({ speed: 1_000, taskMs: { min: 0, max: 0 } });
    expect(await post(simulator, order({ external_task_id: 'mine' }))).toMatchObject({
      status: 200,
      body: { code: 0, data: { task_info: { external_task_id: 'mine' } } },
    });
    const { body } = await get(simulator, '/v1/videos/text2video/mine');
    const { videos } = field(field(body, 'data'), 'task_result') as { videos: { url: string }[] };
    const file = await fetch(videos[0]?.url ?? '');
    const bytes = await file.arrayBuffer();
    expect(file.headers.get('content-type')).toBe('video/mp4');
    expect(Number(file.headers.get('content-length'))).toBe(bytes.byteLength);
    expect(bytes.byteLength).toBeGreaterThan(0);
    expect(simulator.books().requests.total).toBe(2);
  });

  it('serves images as images, and no other files', async () => {
    const simulator = await started({ taskMs: { min: 0, max: 0 } });
    const { data } = (await post(simulator, order(), withKey, 'images/generations')).body as { data: object };
    const image = await fetch(`${simulator.url}/files/${String(field(data, 'task_id'))}-0.png`);
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await get(simulator, '/files/a.txt')).toMatchObject({ status: 404, body: { code: 1202 } });
    expect(await get(simulator, '/files/..%2fa.mp4')).toMatchObject({ status: 404 });
  });

  it('tells the credentials apart', async () => {
    const simulator = await started();
    const nowS = Math.floor(systemClock.epochNow() / 1_000);
    const sign = (claims: object): Promise<string> =>
      new SignJWT({ iss: 'sim-access', exp: nowS + 1_800, nbf: nowS - 5, ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode('sim-secret'));
    const codes = [];
    for (const authorization of [
      '',
      'Basic x',
      'Bearer x',
      `Bearer ${await sign({ nbf: nowS + 100 })}`,
      `Bearer ${await sign({ exp: nowS - 100 })}`,
      `Bearer ${await sign({})}`,
      'Bearer sim-key',
    ]) {
      const { status, body } = await get(
        simulator,
        '/v1/videos/text2video',
        authorization === '' ? {} : { authorization },
      );
      codes.push([status, field(body, 'code')]);
    }
    expect(codes).toEqual([
      [401, 1001],
      [401, 1000],
      [401, 1002],
      [401, 1003],
      [401, 1004],
      [200, 0],
      [200, 0],
    ]);
  });

  it('the new API takes a key and no JWT, good or bad', async () => {
    const simulator = await started();
    const nowS = Math.floor(systemClock.epochNow() / 1_000);
    const sign = (exp: number): Promise<string> =>
      new SignJWT({ iss: 'sim-access', exp })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode('sim-secret'));
    const codes = [];
    for (const token of [await sign(nowS + 1_800), await sign(nowS - 100), 'sim-key']) {
      const headers = { authorization: `Bearer ${token}` };
      const answers = [
        await get(simulator, '/tasks?task_ids=1', headers),
        await get(simulator, '/v1/videos/text2video', headers),
      ];
      codes.push(answers.map(({ status, body }) => [status, field(body, 'code')]));
    }
    expect(codes).toEqual([
      [
        [401, 1002],
        [200, 0],
      ],
      [
        [401, 1002],
        [401, 1004],
      ],
      [
        [200, 0],
        [200, 0],
      ],
    ]);
  });

  it('a JWT goes by the real clock, however fast the rest runs', async () => {
    const simulator = await started({ speed: 1_000_000 });
    const nowS = Math.floor(systemClock.epochNow() / 1_000);
    const jwt = await new SignJWT({ iss: 'sim-access', exp: nowS + 1_800, nbf: nowS - 5 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('sim-secret'));
    const codes = [];
    for (let count = 0; count < 20; count += 1) {
      codes.push(
        field((await get(simulator, '/v1/videos/text2video', { authorization: `Bearer ${jwt}` })).body, 'code'),
      );
    }
    expect(new Set(codes)).toEqual(new Set([0]));
  });

  it('takes credentials of our own, and then no others', async () => {
    const simulator = await started({ apiKeys: ['mine'] });
    expect(await get(simulator, '/v1/videos/text2video', { authorization: 'Bearer mine' })).toMatchObject({
      status: 200,
    });
    expect(await get(simulator, '/v1/videos/text2video')).toMatchObject({ status: 401, body: { code: 1002 } });
  });

  it.each([
    ['no JSON', '{"prompt":'],
    ['no object', '"a cat"'],
    ['nothing', ''],
    ['too much', `${order()}${' '.repeat(1_000_000)}`],
  ])('refuses a body that is %s, and goes on', async (_what, body) => {
    const simulator = await started({ maxBodyBytes: 100_000 });
    expect(await post(simulator, body)).toMatchObject({ status: 400, body: { code: 1200 } });
    expect(await post(simulator, order())).toMatchObject({ status: 200 });
  });

  it('takes a body of exactly the greatest size', async () => {
    const simulator = await started({ maxBodyBytes: order().length });
    expect(await post(simulator, order())).toMatchObject({ status: 200 });
    expect(await post(simulator, `${order()} `)).toMatchObject({ status: 400, body: { code: 1200 } });
  });

  it('refuses for speed with a header where it is told to', async () => {
    const simulator = await started({ requests: 1, retryAfter: true });
    await get(simulator, '/v1/videos/text2video');
    const { status, headers, body } = await get(simulator, '/v1/videos/text2video');
    expect([status, headers.get('retry-after'), field(body, 'code')]).toEqual([429, '60', 1302]);
  });

  it('a reset is seen as one, and the task exists', async () => {
    const simulator = await started({ faults: { resetAfter: { at: [1] } } });
    const sent = post(simulator, order({ external_task_id: 'mine' }));
    await expect(sent).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await get(simulator, '/v1/videos/text2video/mine')).toMatchObject({ status: 200, body: { code: 0 } });
  });

  it('an unreadable answer is no JSON', async () => {
    const simulator = await started({ faults: { garbled: 1 } });
    await expect(post(simulator, order())).rejects.toThrow(SyntaxError);
    expect(simulator.books().created).toBe(1);
  });

  it('latency holds the decision back, and then the answer', async () => {
    const simulator = await started({ faults: { latencyMs: { min: 30, max: 30 } } });
    const sentAtMs = systemClock.now();
    const { body } = await post(simulator, order());
    expect(systemClock.now() - sentAtMs).toBeGreaterThanOrEqual(60);
    expect(field(body, 'code')).toBe(0);
    const [task] = simulator.books().tasks;
    expect(task?.createdAtMs).toBeGreaterThanOrEqual(30);
  });

  it('carries out a request whose sender has left', async () => {
    const simulator = await started({ faults: { latencyMs: { min: 100, max: 100 } } });
    const leaving = rawRequest(`${simulator.url}/v1/videos/text2video`, { method: 'POST', headers: withKey });
    leaving.on('error', () => {});
    leaving.end(order({ external_task_id: 'left' }));
    await once(leaving, 'finish');
    await get(simulator, '/books');
    await get(simulator, '/books');
    leaving.destroy();
    expect(await get(simulator, '/v1/videos/text2video/left')).toMatchObject({ status: 200 });
  });

  it('half a request never arrived', async () => {
    const simulator = await started();
    const socket = connect(simulator.port, '127.0.0.1');
    await once(socket, 'connect');
    const head = 'POST /v1/videos/text2video HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sim-key\r\n';
    socket.end(`${head}content-length: 100\r\n\r\n${order()}`);
    await once(socket.resume(), 'close');
    await get(simulator, '/v1/videos/text2video');
    expect(simulator.books()).toMatchObject({ created: 0, requests: { create: 0 } });
  });

  it('shows its books to other processes, without credentials and without counting it', async () => {
    const simulator = await started({ taskMs: { min: 1e6, max: 1e6 } });
    await post(simulator, order());
    const { body } = await get(simulator, '/books', {});
    expect(body).toMatchObject({ created: 1, running: 1, requests: { total: 1 } });
    expect(body).toEqual(JSON.parse(JSON.stringify(simulator.books())));
  });

  it('the same seed lives the same lives', async () => {
    const lasting = async (seed: number): Promise<number[]> => {
      const simulator = await started({ seed, tasks: 10 });
      for (let count = 0; count < 5; count += 1) await post(simulator, order());
      return simulator.books().tasks.map(({ createdAtMs, endsAtMs }) => Math.round(endsAtMs - createdAtMs));
    };
    expect(await lasting(7)).toEqual(await lasting(7));
    expect(await lasting(7)).not.toEqual(await lasting(8));
  });

  it('stop() closes what is open, drops what hangs, frees the port, and may be called again', async () => {
    const port = await freePort();
    const simulator = await started({ port, faults: { hang: { at: [2] }, latencyMs: { min: 0, max: 1 } } });
    await get(simulator, '/v1/videos/text2video');
    const hanging = get(simulator, '/v1/videos/text2video');
    const idle = connect(simulator.port, '127.0.0.1');
    await once(idle, 'connect');
    const closed = new Promise((resolve) => idle.on('error', () => {}).on('close', resolve));
    const failed = expect(hanging).rejects.toThrow();
    await Promise.all([simulator.stop(), simulator.stop(), closed, failed]);
    const next = await started({ port });
    expect(next.port).toBe(port);
  });

  it('stop() leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const simulator = await started({ faults: { latencyMs: { min: 1e6, max: 1e6 } } });
    const before = timers();
    const waiting = Array.from({ length: 50 }, () => get(simulator, '/v1/videos/text2video').catch(() => 'cut off'));
    await until(() => timers() >= before + 50);
    await simulator.stop();
    expect(await Promise.all(waiting)).toEqual(new Array(50).fill('cut off'));
    expect(timers()).toBeLessThan(before + 25);
  });

  it('a port that is taken, and options that are not valid, are errors that say so', async () => {
    const { port } = await started();
    await expect(startSimulator({ port })).rejects.toThrow(OptionsError);
    await expect(startSimulator({ port })).rejects.toThrow(/port: cannot be had \(.*EADDRINUSE/);
    await expect(startSimulator({ speed: 0 })).rejects.toThrow('startSimulator: speed: ');
    await expect(startSimulator({ port: 70_000 })).rejects.toThrow('startSimulator: port: ');
    await expect(startSimulator({ tasks: 0 })).rejects.toThrow('startSimulator: tasks: ');
  });
});
