import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend, operatorToken, Person } from './backend.js';
import { Following } from './following.js';

let backend: Backend;
beforeAll(async () => {
  backend = await Backend.start({ env: { TASKS: '1', STREAMS_EACH: '2' }, simulator: { tasks: 1 } });
});
afterAll(() => backend.stop());

/** What comes back of bytes that no client would send, until the server hangs up. */
function raw(text: string): Promise<string> {
  return new Promise((settle, reject) => {
    const socket = connect(Number(new URL(backend.url).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('error', reject).on('close', () => settle(answer));
    socket.write(text);
  });
}

const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe("other people's tasks", () => {
  it('are as if they were not there: not seen, not cancelled, not fetched', async () => {
    const [owner, stranger] = [await backend.person(), await backend.person()];
    const [owned, seen] = [new Following(owner), new Following(stranger)];
    const id = await owner.submit('mine');
    await owned.until(() => owned.tasks.get(id)?.phase === 'done');
    const waiting = [await owner.submit('runs'), await owner.submit('waits')][1] ?? '';
    const unknown = await stranger.call('DELETE', '/api/tasks/ui-0');
    for (const other of [id, waiting]) {
      const answer = await stranger.call('DELETE', `/api/tasks/${other}`);
      expect([answer.status, await answer.clone().json()]).toEqual([404, await unknown.clone().json()]);
      expect(await statusOf(stranger.call('GET', `/api/tasks/${other}/video`))).toBe(404);
    }
    expect(owned.tasks.get(waiting)?.phase).toBe('waiting');
    expect(await statusOf(owner.call('GET', `/api/tasks/${id}/video`))).toBe(200);
    const own = await stranger.submit('of the stranger');
    await seen.until(() => seen.tasks.has(own));
    expect([...seen.tasks.keys()]).toEqual([own]);
  });

  it.each([
    ['with another name in it', (cookie: string) => cookie.replace(/^person=.{6}/, 'person=AAAAAA')],
    ['with another signature', (cookie: string) => cookie.replace(/\..{6}/, '.AAAAAA')],
    ['without a signature', (cookie: string) => cookie.replace(/\..*$/, '')],
    ['that says it is nobody', () => ''],
    ['that is no cookie', () => 'person=%00%ff; person'],
  ])('are closed to a cookie %s', async (_, forge) => {
    const owner = await backend.person();
    const forger = new Person(backend, forge(owner.cookie));
    expect(await statusOf(forger.call('GET', '/api/events'))).toBe(401);
    expect(await statusOf(forger.call('POST', '/api/tasks', { prompt: 'x' }))).toBe(401);
    expect(await statusOf(forger.call('DELETE', '/api/tasks/ui-0'))).toBe(401);
  });
});

describe("the operator's panel", () => {
  it('opens to the token alone', async () => {
    const somebody = await backend.person();
    expect(await statusOf(somebody.call('GET', '/api/operator/events'))).toBe(403);
    expect(await statusOf(somebody.call('POST', '/api/operator', { token: 'guessed' }))).toBe(403);
    const forged = new Person(backend, `${somebody.cookie}; operator=yes.${'A'.repeat(43)}%3D`);
    expect(await statusOf(forged.call('GET', '/api/operator/events'))).toBe(403);
    const admitted = await somebody.call('POST', '/api/operator', { token: operatorToken });
    const [cookie = ''] = admitted.headers.getSetCookie();
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const operator = new Person(backend, cookie.split(';')[0] ?? '');
    const answer = await operator.call('GET', '/api/operator/events');
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  });
});

describe('a request from elsewhere', () => {
  it.each([{ origin: 'http://evil.example' }, { origin: 'null' }, { origin: '' }])(
    '%j changes nothing',
    async (headers) => {
      const person = await backend.person();
      expect(await statusOf(person.call('POST', '/api/tasks', { prompt: 'x' }, headers))).toBe(403);
      expect(await statusOf(person.call('DELETE', '/api/tasks/ui-0', undefined, headers))).toBe(403);
    },
  );

  it('that a form of another site could send is not read', async () => {
    const person = await backend.person();
    expect(await statusOf(person.call('POST', '/api/tasks', { prompt: 'x' }, { 'content-type': 'text/plain' }))).toBe(
      400,
    );
  });
});

describe('what is sent in', () => {
  it.each([
    {},
    { prompt: '' },
    { prompt: ' \n ' },
    { prompt: 'x'.repeat(2_501) },
    { prompt: 7 },
    { prompt: 'x', key: 'y' },
    [],
  ])('is checked: %j', async (body) => {
    const person = await backend.person();
    expect(await statusOf(person.call('POST', '/api/tasks', body))).toBe(400);
  });

  it('is cut off where it is too long, whether it says so or not', async () => {
    const person = await backend.person();
    const head = `POST /api/tasks HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nCookie: ${person.cookie}\r\nConnection: close\r\n`;
    const type = 'Content-Type: application/json\r\n';
    expect(await raw(`${head}${type}Content-Length: 1000000\r\n\r\n{"prompt":"`)).toMatch(/^HTTP\/1.1 413/);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const chunked = 'Transfer-Encoding: chunked\r\n\r\n';
    expect(await raw(`${head}${type}${chunked}${chunk}${chunk}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 413/);
  });

  it('comes out as it went in, whatever is in it, and in nobody’s headers', async () => {
    const person = await backend.person();
    const following = new Following(person);
    const prompt = '</script><script>alert(1)</script>\r\nSet-Cookie: a=b\r\n\r\nevent: end\ndata: "\u2028\0\u0007"';
    const id = await person.submit(prompt);
    await following.until(() => following.tasks.has(id));
    expect(following.tasks.get(id)?.prompt).toBe(prompt);
    expect(following.tasks.size).toBe(1);
  });
});

describe('a slow or greedy client', () => {
  it('that never ends its headers is hung up on', async () => {
    const sinceMs = performance.now();
    const answer = await raw('GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ');
    expect(answer).toMatch(/^HTTP\/1.1 408/);
    expect(performance.now() - sinceMs).toBeLessThan(10_000);
  });

  it('with headers that never end is refused', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
  });

  it('has so many event streams and no more, and as many again once those are closed', async () => {
    const person = await backend.person();
    const open = async (): Promise<Response> => person.call('GET', '/api/events');
    const streams = [await open(), await open()];
    const refused = await open();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    for (const { body } of streams) await body?.cancel();
    let again = await open();
    while (again.status === 429) again = await open();
    expect(again.status).toBe(200);
    await again.body?.cancel();
  });
});

describe('every answer', () => {
  it.each(['/', '/app.js', '/api/me', '/nothing', '/../../package.json', '/api/tasks/%2e%2e/video'])(
    'of %s tells browsers to be strict',
    async (path) => {
      const { headers } = await fetch(`${backend.url}${path}`);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|data:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('knows no key: nothing that is printed, written or sent holds it', async () => {
    const person = await backend.person();
    const sent = await Promise.all(
      ['/', '/app.js', '/api/me'].map((path) => person.call('GET', path).then((it) => it.text())),
    );
    expect([...sent, backend.printed].join('')).not.toContain('sim-key');
  });

  it('signs nobody in without being asked, and the cookie is for us alone', async () => {
    const [cookie = ''] = (await fetch(`${backend.url}/api/me`)).headers.getSetCookie();
    expect(cookie).toMatch(/^person=[\w-]{22}\.[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await fetch(`${backend.url}/`)).headers.getSetCookie()).toEqual([]);
  });
});
