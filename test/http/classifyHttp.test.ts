import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defer, lastValueFrom } from 'rxjs';
import { Response } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retryWithJitter } from '../../operators/retryWithJitter.js';
import { classifyHttp, HttpError } from '../../src/http/classifyHttp.js';

describe('classifyHttp', () => {
  it.each([
    { status: 429, meaning: 'too-fast', baseMs: 1_000 },
    { status: 408, meaning: 'transient', baseMs: 2_000 },
    { status: 500, meaning: 'transient', baseMs: 2_000 },
    { status: 503, meaning: 'transient', baseMs: 2_000 },
    { status: 400, meaning: 'invalid' },
    { status: 404, meaning: 'invalid' },
    { status: 401, meaning: 'account' },
    { status: 403, meaning: 'account' },
  ])('should find $status to be $meaning', ({ status, ...refusal }) => {
    expect(classifyHttp(new HttpError({ status, headers: {} }))).toEqual(refusal);
    expect(classifyHttp({ statusCode: status })).toEqual(refusal);
  });

  it('should take the hint of the answer', () => {
    const error = new HttpError({ status: 429, headers: new Headers({ 'retry-after': '7' }) });
    expect(classifyHttp(error)).toEqual({ meaning: 'too-fast', baseMs: 1_000, hintMs: 7_000 });
    expect(error.message).toBe('HTTP 429, to be tried again in 7000 ms');
  });

  it.each([
    ['Retry-After', { 'retry-after': '60', 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '300' }],
    ['a limit that is used up', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }],
  ])('should find a 403 with %s to be too fast, as GitHub has it', (_, headers) => {
    const error = new HttpError({ status: 403, headers });
    expect(classifyHttp(error)).toEqual({ meaning: 'too-fast', baseMs: 1_000, hintMs: 60_000 });
  });

  it('should find a 403 with units left to be of the account', () => {
    const headers = { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '300' };
    expect(classifyHttp(new HttpError({ status: 403, headers }))).toEqual({ meaning: 'account' });
  });

  it('should take the hint of an answer of undici, whose headers are of a class of its own', () => {
    const { status, headers } = new Response(null, { status: 429, headers: { 'retry-after': '7' } });
    expect(headers).not.toBeInstanceOf(globalThis.Headers);
    expect(new HttpError({ status, headers }).retryAfterMs).toBe(7_000);
  });

  it('should take the hint of a limit that is used up', () => {
    const error = new HttpError({ status: 429, headers: { ratelimit: '"burst";r=0;t=30' } });
    expect(classifyHttp(error)).toEqual({ meaning: 'too-fast', baseMs: 1_000, hintMs: 30_000 });
  });

  it.each([new TypeError('fetch failed'), undefined, null, 'text', 42])('should find %s to be transient', (error) => {
    expect(classifyHttp(error)).toEqual({ meaning: 'transient' });
  });
});

describe('a request with retries', () => {
  const answers = [429, 500, 200];
  let asked = 0;
  const server = createServer((request, response) => {
    const status = request.url === '/missing' ? 404 : (answers[asked] ?? 200);
    asked++;
    response.writeHead(status, { 'retry-after': '0' }).end('{}');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const request = (path: string) =>
    defer(async () => {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      if (!response.ok) throw new HttpError(response);
      return response.json() as Promise<unknown>;
    });
  // The waits are the classifier's; a random of 0 and a base of 0 leave only them.
  const quick = (error: unknown) => ({ ...classifyHttp(error), baseMs: 0 });

  it('should get through a 429 and a 500', async () => {
    asked = 0;
    await expect(lastValueFrom(request('/').pipe(retryWithJitter({ classify: quick })))).resolves.toEqual({});
    expect(asked).toBe(3);
  });

  it('should not repeat another 4xx', async () => {
    asked = 0;
    const outcome = lastValueFrom(request('/missing').pipe(retryWithJitter({ classify: quick })));
    await expect(outcome).rejects.toMatchObject({ code: 'SLUICE_HTTP', status: 404 });
    expect(asked).toBe(1);
  });
});
