import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { Keyring } from '../../src/simulator/keyring.js';

const keyring = new Keyring({ apiKeys: ['key-a', 'key-b'], accessKeys: { access: 'sim-secret' } });
const nowS = 1_800_000_000;

function token(claims: object, secret = 'sim-secret', alg = 'HS256'): Promise<string> {
  const jwt = new SignJWT({ iss: 'access', exp: nowS + 1_800, nbf: nowS - 5, ...claims });
  return jwt.setProtectedHeader({ alg, typ: 'JWT' }).sign(new TextEncoder().encode(secret));
}

async function identify(header: string | undefined, atMs = nowS * 1_000): Promise<unknown> {
  const { auth, keyId } = await keyring.identify(header, atMs);
  return auth === 'ok' ? keyId : auth;
}

describe('the keyring', () => {
  it.each([
    [undefined, 1001],
    ['', 1001],
    ['  ', 1001],
    ['key-a', 1000],
    ['Basic key-a', 1000],
    ['Bearer', 1000],
    ['Bearer key-a key-b', 1000],
    ['Bearer key-c', 1002],
    ['Bearer a.b.c', 1002],
    ['Bearer key-a', 'api key 1'],
    ['bearer  key-b ', 'api key 2'],
  ])('%j is %s', async (header, outcome) => {
    expect(await identify(header)).toBe(outcome);
  });

  it.each<[string, object, unknown]>([
    ['as documented', {}, 'access'],
    ['without nbf', { nbf: undefined }, 'access'],
    ['of another key', { iss: 'somebody' }, 1002],
    ['without iss', { iss: undefined }, 1002],
    ['without exp', { exp: undefined }, 1002],
    ['from now on', { nbf: nowS }, 'access'],
    ['from a moment on', { nbf: nowS + 1 }, 1003],
    ['until now', { exp: nowS }, 1004],
    ['for a second more', { exp: nowS + 1 }, 'access'],
  ])('a token %s', async (_which, claims, outcome) => {
    expect(await identify(`Bearer ${await token(claims)}`)).toBe(outcome);
  });

  it('a token signed with another secret, another algorithm or none is invalid, however old it is', async () => {
    const foreign = await token({ exp: nowS - 1 }, 'sim-secrets');
    const stronger = await token({}, 'sim-secret', 'HS512');
    const [, claims = ''] = (await token({})).split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    for (const each of [foreign, stronger, unsigned]) expect(await identify(`Bearer ${each}`)).toBe(1002);
  });

  it('tells a key from what is meant to be a token, good or not', async () => {
    const headers = [
      'Bearer key-a',
      `Bearer ${await token({})}`,
      `Bearer ${await token({ exp: nowS })}`,
      'Bearer x',
      '',
    ];
    const tokens = [];
    for (const header of headers) tokens.push((await keyring.identify(header, nowS * 1_000)).isToken);
    expect(tokens).toEqual([false, true, true, true, false]);
  });

  it('goes by the wall time it is given', async () => {
    const header = `Bearer ${await token({})}`;
    const instants = [nowS * 1_000 - 5_001, nowS * 1_000 - 5_000, (nowS + 1_800) * 1_000 - 1, (nowS + 1_800) * 1_000];
    const outcomes = [];
    for (const atMs of instants) outcomes.push(await identify(header, atMs));
    expect(outcomes).toEqual([1003, 'access', 'access', 1004]);
  });
});
