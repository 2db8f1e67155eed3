import { expect, it } from 'vitest';
import { ClaimLostError } from '../../src/journal/claimLostError.js';

it.each([
  ['key-1', 'the prompt key-1 is not claimed by this worker'],
  [undefined, 'the prompt of an unknown task is not claimed by this worker'],
])('ClaimLostError names the prompt: %s', (key, text) => {
  const error = new ClaimLostError(key);
  expect(error).toMatchObject({ name: 'ClaimLostError', code: 'SLUICE_CLAIM_LOST', key });
  expect(error.message).toContain(text);
});
