import { describe, expect, it } from 'vitest';
import { keysFrom } from '../../bin/credentials.js';

describe('keysFrom', () => {
  it.each([
    [{ KLING_API_KEY: 'a' }, { apiKey: 'a' }],
    [
      { KLING_ACCESS_KEY: 'b', KLING_SECRET_KEY: 'c' },
      { accessKey: 'b', secretKey: 'c' },
    ],
    [
      { KLING_API_KEY: '', KLING_ACCESS_KEY: 'b', KLING_SECRET_KEY: 'c' },
      { accessKey: 'b', secretKey: 'c' },
    ],
    [{ KLING_API_KEY: 'a', KLING_ACCESS_KEY: 'b', KLING_SECRET_KEY: 'c' }, { apiKey: 'a' }],
  ])('%j', (env, keys) => {
    expect(keysFrom(env)).toEqual(keys);
  });

  it.each([
    [{}, 'no credentials: set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY (or use --simulate)'],
    [{ KLING_API_KEY: '' }, 'no credentials'],
    [{ KLING_ACCESS_KEY: 'hush' }, 'KLING_ACCESS_KEY is set and KLING_SECRET_KEY is not: set both'],
    [{ KLING_SECRET_KEY: 'hush' }, 'KLING_SECRET_KEY is set and KLING_ACCESS_KEY is not: set both'],
  ])('refuses %j without telling a secret', (env, words) => {
    expect(() => keysFrom(env)).toThrow(words);
    expect(() => keysFrom(env)).not.toThrow('hush');
  });

  it('has no keys of /v1 for the new API', () => {
    const env = { KLING_ACCESS_KEY: 'b', KLING_SECRET_KEY: 'c' };
    expect(() => keysFrom(env, 'new')).toThrow('--api new needs KLING_API_KEY: ');
    expect(keysFrom({ ...env, KLING_API_KEY: 'a' }, 'new')).toEqual({ apiKey: 'a' });
  });
});
