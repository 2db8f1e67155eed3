import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { faultNames } from '../../src/simulator/faults.js';
import { parseFaults } from '../../src/simulator/parseFaults.js';

describe('parseFaults', () => {
  it.each([
    ['', {}],
    [
      'resetAfter=0.1,errorAfter=0.05,latency=2-40',
      { resetAfter: 0.1, errorAfter: 0.05, latencyMs: { min: 2, max: 40 } },
    ],
    [' hang = 1 , latency = 20 ,', { hang: 1, latencyMs: { min: 20, max: 20 } }],
    ['garbled=#3,failing=#1+#12', { garbled: { at: [3] }, failing: { at: [1, 12] } }],
    ['noSlot=.5,tooFast=0', { noSlot: 0.5, tooFast: 0 }],
    [faultNames.map((name) => `${name}=0.5`).join(), Object.fromEntries(faultNames.map((name) => [name, 0.5]))],
  ])('%j', (text, faults) => {
    expect(parseFaults(text)).toEqual(faults);
  });

  it.each([
    ['resets=1', '"resets" is none; there are latency, tooFast, '],
    ['latencyMs', '"latencyMs" is none'],
    ['toString=1', '"toString" is none'],
    ['hang', 'hang: must be a share like 0.1'],
    ['hang=', 'hang: must be a share like 0.1'],
    ['hang=often', 'hang: must be a share like 0.1, or #3, or #3+#7 (got "often")'],
    ['hang=-1', 'hang: must be a share'],
    ['hang=1.5', 'hang: too big: expected number to be <=1 (got 1.5)'],
    ['hang=#0', 'hang.at.0: too small: expected number to be >=1 (got 0)'],
    ['hang=0.1=0.2', 'hang: must be a share'],
    ['hang=0.1,hang=0.2', 'hang is given twice'],
    ['latency=5-2', 'latencyMs: min must not be over max'],
    ['latency=fast', 'latency: must be ms like 20 or 2-40 (got "fast")'],
  ])('refuses %j', (text, words) => {
    expect(() => parseFaults(text)).toThrow(OptionsError);
    expect(() => parseFaults(text)).toThrow(words);
  });
});
