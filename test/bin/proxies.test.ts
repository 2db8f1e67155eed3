import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { agentThrough } from '../../bin/agentThrough.js';
import { proxiesFrom } from '../../bin/proxies.js';
import type { Clock } from '../../src/clock.js';
import { createKlingClient } from '../../src/kling/client.js';
import { freePort } from '../freePort.js';
import { VirtualClock } from '../virtualClock.js';
import { selfSigned } from '../kling/selfSigned.js';
import { elsewhere, startElsewhere, startProxy, type Answering } from './behindProxy.js';
import { against, promptsFile, scratch, simulated, sluice, withKey } from './sluice.js';

const proxy = 'http://proxy.example:8080';
const viaProxy = { origin: proxy, authorization: undefined };

describe('proxiesFrom', () => {
  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTP_PROXY: proxy }, undefined],
    [{ HTTPS_PROXY: proxy }, viaProxy],
    [{ https_proxy: proxy, HTTPS_PROXY: 'http://other.example' }, viaProxy],
    [{ https_proxy: '', HTTPS_PROXY: proxy }, undefined],
    [{ HTTPS_PROXY: 'proxy.example:8080' }, viaProxy],
    [{ HTTPS_PROXY: 'https://proxy.example:8080/' }, { ...viaProxy, origin: 'https://proxy.example:8080' }],
    [{ HTTPS_PROXY: 'http://me:p%40ss@proxy.example:8080' }, { ...viaProxy, authorization: 'Basic bWU6cEBzcw==' }],
    [{ HTTPS_PROXY: 'http://me@proxy.example:8080' }, { ...viaProxy, authorization: 'Basic bWU6' }],
    [{ HTTPS_PROXY: proxy, NO_PROXY: 'klingai.com' }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: 'localhost, .KLINGAI.com' }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: 'a *.klingai.com:443' }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: 'api.klingai.com:80,ingai.com,com.klingai,,.' }, viaProxy],
    [{ HTTPS_PROXY: proxy, no_proxy: 'klingai.com', NO_PROXY: '' }, undefined],
  ] as const)('%j', (env, expected) => {
    expect(proxiesFrom(env)('https://api.klingai.com')).toEqual(expected);
  });

  it.each([
    'http://localhost:8080',
    'https://127.0.0.1',
    'http://127.3.2.1:80/x',
    'http://[::1]:8080',
    'http://a.localhost',
  ])('leads to %s without one', (url) => {
    expect(proxiesFrom({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy })(url)).toBeUndefined();
  });

  it('leads to http by way of its own', () => {
    expect(proxiesFrom({ http_proxy: proxy })('http://api.klingai.com')).toEqual(viaProxy);
  });

  it.each([
    'socks5://me:hush@proxy',
    'http://me:hush@',
    'http://me:%hush@proxy',
    'http://me:hush@proxy:port',
    'me:hush@pr oxy',
  ])('refuses %s without showing it', (value) => {
    expect(() => proxiesFrom({ https_proxy: value })).toThrow(/^https_proxy must be .* or be empty for none/);
    expect(() => proxiesFrom({ https_proxy: value })).not.toThrow('hush');
  });
});

describe('agentThrough', () => {
  it.each([
    ['wants to know who asks', (socket) => socket.end('HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n'), '407'],
    ['hangs up', (socket) => socket.end(), 'ECONNRESET'],
    ['is none', (socket) => socket.end('SSH-2.0\r\n'), 'HPE_INVALID_CONSTANT'],
  ] satisfies [string, Answering, string][])('has sent nothing where the proxy %s', async (_, answering, reason) => {
    const { host, asked } = await startProxy(answering);
    const error = await submitBy(host);
    expect(error).toMatchObject({ kind: 'not-sent', call: 'submit' });
    expect((error as Error).message).toBe(
      `cannot connect to ${elsewhere} (PROXY_${reason}): check the proxy; nothing was sent`,
    );
    expect(asked).toHaveLength(1);
  });

  it('has sent nothing where no proxy listens', async () => {
    expect(await submitBy(`127.0.0.1:${await freePort()}`)).toMatchObject({
      kind: 'not-sent',
      message: expect.stringContaining('(PROXY_ECONNREFUSED)') as unknown,
    });
  });

  it('has sent nothing where the proxy is silent', async () => {
    const clock = new VirtualClock();
    const { host } = await startProxy(() => clock.advance(20_000));
    expect(await submitBy(host, clock)).toMatchObject({
      kind: 'not-sent',
      message: expect.stringContaining('(PROXY_ETIMEDOUT)') as unknown,
    });
  });

  async function submitBy(host: string, clock?: Clock): Promise<unknown> {
    const dispatcher = agentThrough(proxiesFrom({ HTTPS_PROXY: `http://me:hush@${host}` }), clock);
    onTestFinished(() => dispatcher.close());
    const client = createKlingClient({ apiKey: 'key', baseUrl: elsewhere, dispatcher });
    return client.submit({ product: 'text2video', prompt: 'a' }, 'id').catch((error: unknown) => error);
  }
});

describe('sluice generate', () => {
  it('asks, and saves what is made, by way of the proxy of the environment', async () => {
    const simulator = await simulated();
    const proxied = await startProxy(await startElsewhere(simulator));
    const out = scratch();
    const authority = join(out, 'authority.pem');
    writeFileSync(authority, selfSigned.cert);
    const flags = ['--out', out, '--base-url', elsewhere, '--rate', 'off', '--poll-interval', '10ms', '--download'];
    const { code, stdout, stderr } = await sluice(['generate', promptsFile(out, 'a', 'b'), ...flags], {
      env: { ...withKey, HTTPS_PROXY: `http://me:hush@${proxied.host}`, NODE_EXTRA_CA_CERTS: authority },
    });
    expect(stderr).toContain('saved      2 of 2');
    expect(code).toBe(0);
    expect(readdirSync(join(out, 'videos'))).toHaveLength(2);
    expect(simulator.books().created).toBe(2);
    const basic = `Basic ${Buffer.from('me:hush').toString('base64')}`;
    expect(new Set(proxied.asked.map((asked) => JSON.stringify(asked)))).toEqual(
      new Set([JSON.stringify({ url: 'elsewhere.example:443', authorization: basic })]),
    );
    expect(stdout + stderr).not.toContain('hush');
  });

  it('says what to check where the proxy refuses', async () => {
    const { host } = await startProxy((socket) => socket.end('HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n'));
    const out = scratch();
    const { code, stderr } = await sluice(['generate', promptsFile(out, 'a'), '--out', out, '--base-url', elsewhere], {
      env: { ...withKey, https_proxy: `http://me:hush@${host}` },
    });
    expect(code).toBe(2);
    expect(stderr).toBe(
      `sluice: nothing was submitted: cannot connect to ${elsewhere} (PROXY_407): check HTTPS_PROXY, HTTP_PROXY and ` +
        'NO_PROXY; nothing was sent\n',
    );
  });

  it('reaches a simulator on this machine without one', async () => {
    const simulator = await simulated();
    const out = scratch();
    const { code } = await sluice(['generate', promptsFile(out, 'a'), '--out', out, ...against(simulator)], {
      env: { ...withKey, HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expect(code).toBe(0);
  });

  it('sends nothing where it cannot tell which proxy is meant', async () => {
    const out = scratch();
    const { code, stderr } = await sluice(['generate', promptsFile(out, 'a'), '--out', out], {
      env: { ...withKey, HTTPS_PROXY: 'socks5://me:hush@proxy:1080' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: HTTPS_PROXY must be the http or https URL of a proxy, like .*nothing was submitted\n$/,
    );
    expect(stderr).not.toContain('hush');
  });
});
