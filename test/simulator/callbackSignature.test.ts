import { describe, expect, it } from 'vitest';
import { isCallbackSecret, signCallback } from '../../src/simulator/callbackSignature.js';

describe('the signature of a callback', () => {
  it("is what Kling's documentation shows for its example", () => {
    const text =
      '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}';
    const message = { id: '9876543210', sentAtMs: 1_781_080_794_999, text };
    expect(signCallback('whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=', message)).toEqual({
      'webhook-id': '9876543210',
      'webhook-timestamp': '1781080794',
      'webhook-signature': 'v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=',
    });
  });

  it.each([
    ['whsec_c2VjcmV0', true],
    ['whsec_c2VjcmV0MQ==', true],
    ['whsec_', false],
    ['whsec_=', false],
    ['whsec_a b', false],
    ['whsec_a', false],
    ['c2VjcmV0', false],
  ])('%s as a secret: %s', (secret, isOne) => {
    expect(isCallbackSecret(secret)).toBe(isOne);
  });
});
