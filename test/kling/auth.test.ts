import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createCredentials } from '../../src/kling/auth.js';
import { VirtualClock } from '../virtualClock.js';

const keys = { accessKey: 'access-key-of-the-test', secretKey: 'secret-key-of-the-test' };
const minutes = 60_000;

describe('createCredentials', () => {
  it('signs what Kling asks for', async () => {
    const clock = new VirtualClock();
    const token = await createCredentials(keys, clock).token();
    const secret = new TextEncoder().encode(keys.secretKey);
    const { payload } = await jwtVerify(token, secret, { currentDate: new Date(clock.epochNow()) });
    const nowSeconds = clock.epochNow() / 1_000;
    expect(payload).toEqual({ iss: keys.accessKey, nbf: nowSeconds - 5, exp: nowSeconds + 1_800 });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  it('uses a token until 5 minutes before its end', async () => {
    const clock = new VirtualClock();
    const credentials = createCredentials(keys, clock);
    const first = await credentials.token();
    clock.advance(25 * minutes - 1);
    expect(await credentials.token()).toBe(first);
    clock.advance(1);
    expect(await credentials.token()).not.toBe(first);
  });

  it('signs once for requests that start together', async () => {
    const credentials = createCredentials(keys, new VirtualClock());
    const tokens = await Promise.all([credentials.token(), credentials.token(), credentials.token()]);
    expect(new Set(tokens).size).toBe(1);
  });

  it('signs anew once after a token was called stale, and no second time', async () => {
    const clock = new VirtualClock();
    const credentials = createCredentials(keys, clock);
    const first = await credentials.token();
    clock.advance(1_000);
    expect(credentials.stale(first)).toBe(true);
    const second = await credentials.token();
    expect(second).not.toBe(first);
    expect(credentials.stale(second)).toBe(false);
  });

  it('blames the old token for all the requests that went out with it', async () => {
    const clock = new VirtualClock();
    const credentials = createCredentials(keys, clock);
    const first = await credentials.token();
    clock.advance(1_000);
    expect(credentials.stale(first)).toBe(true);
    expect(credentials.stale(first)).toBe(true);
    const second = await credentials.token();
    expect(credentials.stale(first)).toBe(true);
    expect(await credentials.token()).toBe(second);
  });

  it('may renew a token again once the new one was taken', async () => {
    const clock = new VirtualClock();
    const credentials = createCredentials(keys, clock);
    credentials.stale(await credentials.token());
    clock.advance(1_000);
    const second = await credentials.token();
    credentials.accepted(second);
    expect(credentials.stale(second)).toBe(true);
  });

  it('sends an API key as it is, which nothing can renew', async () => {
    const credentials = createCredentials({ apiKey: 'api-key-of-the-test' }, new VirtualClock());
    expect(await credentials.token()).toBe('api-key-of-the-test');
    expect(credentials.stale('api-key-of-the-test')).toBe(false);
  });

  it('takes secrets out of texts, and leaves texts alone where a key is too short to be one', () => {
    const signed = createCredentials(keys, new VirtualClock());
    expect(signed.redact(`a ${keys.secretKey} b ${keys.accessKey} c the.jwt.token`, 'the.jwt.token')).toBe(
      'a *** b *** c ***',
    );
    expect(createCredentials({ apiKey: 'test' }, new VirtualClock()).redact('a test', 'test')).toBe('a test');
  });

  it.each([
    [{}, 'no credentials: give apiKey, or accessKey and secretKey'],
    [{ accessKey: 'a' }, 'secretKey is missing'],
    [{ secretKey: 's' }, 'accessKey is missing'],
    [{ apiKey: 'k', accessKey: 'a', secretKey: 's' }, 'not both'],
    [{ apiKey: 'k', secretKey: 's' }, 'not both'],
  ])('refuses anything but one way: %o', (given, words) => {
    expect(() => createCredentials(given, new VirtualClock())).toThrow(OptionsError);
    expect(() => createCredentials(given, new VirtualClock())).toThrow(words);
  });
});
