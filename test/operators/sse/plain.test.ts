import { describe, expect, it } from 'vitest';
import { concurrency, createLimiter, type GenerateEvent, type LimiterEvent } from '../../../operators/index.js';
import { plainError, plainEvent, plainSnapshot } from '../../../operators/sse/index.js';
import { KlingError } from '../../../src/kling/errors.js';

/** What is left of it on the other side. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const refused = new KlingError('too fast', { kind: 'refused', call: 'submit', status: 429, klingCode: 1302 });

describe('plainEvent', () => {
  it('says of an error its code, its message and what it means', () => {
    const event: GenerateEvent = {
      type: 'refused',
      index: 0,
      id: 'a',
      atMs: 1,
      refusal: { meaning: 'too-fast', hintMs: 5 },
      error: refused,
    };
    const plain = plainEvent(event);
    expect(plain).toMatchObject({ error: { code: 'SLUICE_KLING', message: 'too fast', meaning: 'too-fast' } });
    expect(sent(plain)).toEqual(plain);
    expect(sent(event)).not.toEqual(plain);
  });

  it('says the same of those of a limiter, and of an instant that never comes that it is null', () => {
    const usage = { name: 'tasks', kind: 'slots', used: 1, capacity: 2, percent: 50, resetsAtMs: Infinity } as const;
    const events: LimiterEvent[] = [
      { type: 'store-lost', atMs: 1, error: new TypeError('gone') },
      { type: 'refused', atMs: 1, refusal: { meaning: 'no-slot' } },
      { type: 'warning', atMs: 1, usage },
      { type: 'admitted', atMs: 1, waiting: 0, cost: { tasks: 1 } },
    ];
    const plain = events.map((event) => plainEvent(event));
    expect(plain).toEqual([
      { type: 'store-lost', atMs: 1, error: { code: 'TypeError', message: 'gone' } },
      events[1],
      { type: 'warning', atMs: 1, usage: { ...usage, resetsAtMs: null } },
      events[3],
    ]);
    expect(sent(plain)).toEqual(plain);
  });
});

it('plainSnapshot survives JSON', async () => {
  const limiter = createLimiter({ limits: [concurrency({ limit: 2 })] });
  await limiter.acquire();
  const plain = plainSnapshot(limiter.snapshot());
  expect(plain.limits).toEqual([
    { name: 'concurrency', kind: 'slots', used: 1, capacity: 2, percent: 50, resetsAtMs: null },
  ]);
  expect(sent(plain)).toEqual(plain);
});

it.each([
  ['gone', { code: 'UNKNOWN', message: 'gone' }],
  [Object.assign(new Error('x'), { code: 'ENOENT', path: '/etc' }), { code: 'ENOENT', message: 'x' }],
  [Object.assign(new Error('x'), { code: 7 }), { code: 'Error', message: 'x' }],
])('plainError of %o', (error, plain) => {
  expect(plainError(error)).toStrictEqual(plain);
});
