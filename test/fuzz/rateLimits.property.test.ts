import fc from 'fast-check';
import { base64ToArrayBuffer, serializeList, type List } from 'structured-headers';
import { describe, expect, it } from 'vitest';
import { parseRateLimit, parseRateLimitPolicy, type RateLimitPolicy } from '../../src/http/rateLimitFields.js';
import { readExhausted, readHint, readRateLimits } from '../../src/http/rateLimits.js';
import { runs } from '../runs.js';
import { expectCount, expectLinear, expectUnpolluted } from './expectations.js';
import { mangled } from './mangled.js';

const epochMs = fc.integer({ min: 0, max: Date.UTC(2300, 0, 1) });
const name = fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text.replace(/[^\x20-\x7e]/g, '')));
const units = fc.nat().map(String);
const key = fc.base64String({ maxLength: 12 });
const policy = fc
  .tuple(name, units, units, key)
  .map(([of, q, w, pk]) => `${of};q=${q};w=${w};qu="requests";pk=:${pk}:`);
const state = fc.tuple(name, units, units).map(([of, r, t]) => `${of};r=${r};t=${t}`);
const earlier = fc
  .tuple(units, units, units)
  .map(([limit, left, reset]) => `limit=${limit}, remaining=${left}, reset=${reset}`);
const older = fc.oneof(units, fc.constantFrom('30, 60', '1m30s', '6ms', '1h', '1700000000', '1700000000000', '0.5'));
const several = (member: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(member, { minLength: 1, maxLength: 3 }).map((members) => members.join(', '));

const pieces = [
  ';r=0',
  ';t=1',
  ';q=1',
  ';w=1',
  ';w=0',
  ';pk=:AA==:',
  ';r=1.0',
  '"a"',
  '?1',
  '@1',
  'remaining=0',
  '1m',
  '5ms',
  ';r=-1',
  ';t=-1',
  ';q=-0',
  'remaining=-1',
];
const newer = mangled(fc.oneof(several(policy), several(state), earlier), ...pieces);
const text = fc.oneof(newer, mangled(older, ...pieces), fc.string({ unit: 'binary' }));
const headers = fc.dictionary(
  fc.constantFrom(
    ...['ratelimit', 'RateLimit-Policy', 'ratelimit-limit', 'RateLimit-Remaining', 'ratelimit-reset'],
    ...['x-ratelimit-limit', 'X-RateLimit-Remaining', 'x-ratelimit-reset', 'x-rate-limit-reset-tokens'],
    ...['x-ratelimit-remaining-__proto__', 'x-ratelimit-reset-__proto__', '__proto__', 'constructor'],
  ),
  fc.oneof(text, fc.array(text, { maxLength: 3 })),
);

describe('fields about limits, of any text', () => {
  it('should never be anything but whole units and whole ms of at least 0, or nothing', () => {
    fc.assert(
      fc.property(headers, epochMs, (given, nowMs) => {
        const limits = readRateLimits(given, nowMs);
        for (const { quota, windowMs } of limits.policies) for (const count of [quota, windowMs]) expectCount(count);
        for (const { remaining, resetMs } of limits.limits)
          for (const count of [remaining, resetMs]) expectCount(count);
        expectCount(readHint(given, nowMs));
        expectCount(readExhausted(given, nowMs));
        expectUnpolluted(limits);
      }),
      runs(400),
    );
  });

  it('should always be read as the same again, once what was read is written as the standard does', () => {
    let read = 0;
    fc.assert(
      fc.property(newer, (field) => {
        const policies = parseRateLimitPolicy(field);
        expect(parseRateLimitPolicy(serializeList(policies.map(policyItem)))).toEqual(policies);
        const { limits } = parseRateLimit(field);
        const items: List = limits.map((it) => [it.name, parametersOf({ r: it.remaining, t: secondsOf(it.resetMs) })]);
        const again = parseRateLimit(serializeList(items)).limits;
        expect(again).toEqual(limits.map(({ partitionKey: _, ...it }) => ({ ...it, partitionKey: undefined })));
        for (const { quota } of policies) expectCount(quota);
        for (const { remaining } of limits) expectCount(remaining);
        read += policies.length + limits.length;
      }),
      runs(400),
    );
    expect(read).toBeGreaterThan(50);
  });

  it('should never take longer than a text is long, nor fail for its length', () => {
    const read = (value: string): unknown =>
      readHint({ ratelimit: value, 'ratelimit-policy': value, 'x-ratelimit-reset': value }, 0);
    for (const piece of ['\\"', '"', ';', ' ', '"a";r=0,', ';r=1', '1', 'A']) {
      for (const start of ['', '"', '"a";pk=:'])
        expectLinear(read, (length) => start + piece.repeat(length / piece.length));
    }
    const many = '1,'.repeat(300_000);
    expect(readHint({ 'x-ratelimit-remaining': many, 'x-ratelimit-reset': many }, 0)).toBeUndefined();
  });
});

function policyItem({ name: of, quota, windowMs, unit, partitionKey }: RateLimitPolicy): List[number] {
  const pk = partitionKey === undefined ? undefined : base64ToArrayBuffer(partitionKey);
  return [of, parametersOf({ q: quota, w: secondsOf(windowMs), qu: unit, pk })];
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

type Parameters = List[number][1];

function parametersOf(given: Readonly<Record<string, number | string | ArrayBuffer | undefined>>): Parameters {
  return new Map(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
