import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLease, parseRedisUrl, parseRunName } from '../../bin/redisRun.js';
import * as units from '../../bin/units.js';
import { UsageError } from '../../bin/usageError.js';
import { OptionsError } from '../../src/errors.js';
import { faultNames } from '../../src/simulator/faults.js';
import { parseFaults } from '../../src/simulator/parseFaults.js';
import { runs } from '../runs.js';
import { expectLinear, expectUnpolluted, outcomeOf } from './expectations.js';
import { mangled } from './mangled.js';

type Flag = readonly [
  name: string,
  parse: (text: string) => unknown,
  examples: readonly string[],
  isRight: (value: never) => boolean,
];

const isSpan = (ms: number): boolean => ms > 0 && Number.isFinite(ms);
const isExactSpan = (ms: number): boolean => isSpan(ms) && ms <= Number.MAX_SAFE_INTEGER;
const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 1;

const flags: readonly Flag[] = [
  ['--deadline', units.parseDuration, ['500ms', '1.5m', '2h', '1sec', `${'9'.repeat(16)}s`], isExactSpan],
  [
    '--task',
    units.parseTaskTime,
    ['90s', '60s-3m'],
    ({ min, max }: { min: number; max: number }) => isExactSpan(min) && isExactSpan(max) && min <= max,
  ],
  [
    '--rate',
    units.parseRate,
    ['30/60s', '30/min', '5/1s', 'off'],
    (rate: units.Rate | 'off') => rate === 'off' || (isCount(rate.limit) && isSpan(rate.intervalMs)),
  ],
  [
    '--concurrent',
    units.parseCountOrAuto,
    ['3', '12', 'auto'],
    (count: number | 'auto') => count === 'auto' || isCount(count),
  ],
  ['--max-retries', units.parseNatural, ['0', '5'], (count: number) => count === 0 || isCount(count)],
  [
    '--daily-credits',
    units.parseCredits,
    ['66', '0.5', 'off'],
    (credits: number | 'off') => credits === 'off' || isSpan(credits),
  ],
  ['--run-credits', units.parseBudget, ['500', '0.5'], isSpan],
  ['--speed', units.parseSpeed, ['60', '0.1'], isSpan],
  ['--time-zone', units.parseTimeZone, ['UTC', 'Europe/Berlin'], (zone: string) => zone.length > 0],
  ['--lease', parseLease, ['30s', '1m'], (ms: number) => ms >= 1_000 && ms <= 3_600_000],
  ['--run', parseRunName, ['monday', 'a_b.c-1'], (run: string) => /^[\w.-]{1,100}$/.test(run)],
  [
    '--redis',
    parseRedisUrl,
    ['redis://localhost:6379', 'rediss://user:secret@host'],
    (url: string) => /^rediss?:$/.test(new URL(url).protocol),
  ],
];

describe.each(flags)('%s, of any text', (_, parse, examples, isRight) => {
  it('should never be anything but what it stands for, or a UsageError', () => {
    let read = 0;
    fc.assert(
      fc.property(mangled(fc.constantFrom(...examples), 'ms', '/', '0.', 'off', 'auto', '-', 'e9'), (text) => {
        const outcome = outcomeOf(() => parse(text) as never);
        if ('error' in outcome) expect(outcome.error).toBeInstanceOf(UsageError);
        else {
          read += 1;
          expect(isRight(outcome.value), JSON.stringify(outcome.value)).toBe(true);
        }
      }),
      runs(150),
    );
    expect(read).toBeGreaterThan(3);
  });

  it('should never take longer than it is long', () => {
    for (const piece of ['1', '1.', 's', 'a', '/']) {
      expectLinear(parse, (length) => `${piece.repeat(length / piece.length)}!`);
    }
  });
});

describe('--faults, of any text', () => {
  it('should never be anything but shares and numbers of requests, or an OptionsError', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value.toFixed(3));
    const numbers = fc
      .array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 3 })
      .map((all) => all.map((it) => `#${it}`).join('+'));
    const fault = fc
      .tuple(fc.constantFrom(...faultNames), fc.oneof(share, numbers))
      .map(([of, when]) => `${of}=${when}`);
    const good = fc
      .array(fc.oneof(fault, fc.constantFrom('latency=20', 'latency=2-40')), { maxLength: 4 })
      .map((all) => all.join());
    let read = 0;
    fc.assert(
      fc.property(mangled(good, ',__proto__=1,', ',toString=1,', 'latencyMs=1', '#0', '=', ',', '+#'), (text) => {
        const outcome = outcomeOf(() => parseFaults(text));
        expectUnpolluted(outcome);
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(OptionsError);
          return;
        }
        read += 1;
        // Each part is one fault: none is passed over.
        expect(Object.keys(outcome.value)).toHaveLength(text.split(',').filter((part) => part.trim() !== '').length);
        const { latencyMs, ...occurrences } = outcome.value;
        if (latencyMs !== undefined)
          expect(latencyMs.min <= latencyMs.max && Number.isFinite(latencyMs.max)).toBe(true);
        for (const each of Object.values(occurrences)) {
          expect(typeof each === 'number' ? each >= 0 && each <= 1 : each?.at.every(isCount)).toBe(true);
        }
      }),
      runs(300),
    );
    expect(read).toBeGreaterThan(20);
  });

  it('should never take longer than it is long', () => {
    for (const piece of ['1', '#1+', ',', '=', 'hang=1,', '1-']) {
      for (const start of ['hang=', 'latency=', ''])
        expectLinear(parseFaults, (length) => `${start}${piece.repeat(length / piece.length)}!`);
    }
  });
});
