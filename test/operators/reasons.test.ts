import { describe, expect, it } from 'vitest';
import { reasonsOf } from '../../operators/generating/reasons.js';
import { resultOf } from '../bin/events.js';

describe('reasonsOf', () => {
  it('groups failures by what they mean, the most frequent first', () => {
    const failed = (meaning: 'failed' | 'policy', message: string) =>
      resultOf({ status: 'failed', error: { meaning, code: 'X', message } });
    const results = [
      failed('policy', 'no'),
      failed('failed', 'one'),
      resultOf({ status: 'succeeded' }),
      failed('failed', 'two'),
    ];
    expect(reasonsOf(results)).toEqual([
      { meaning: 'failed', count: 2, message: 'one' },
      { meaning: 'policy', count: 1, message: 'no' },
    ]);
  });
});
