import { DataPointType } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { meterLimiter } from '../../src/otel/limiterMetrics.js';
import { VirtualClock } from '../operators/virtualClock.js';
import { Measured } from './measured.js';

const clock = (): VirtualClock => new VirtualClock();
const limits = (): LimiterOptions['limits'] => [
  slidingWindow({ limit: 2, intervalMs: 10_000, countUntil: 'start', name: 'requests' }),
  concurrency({ limit: 5, name: 'slots' }),
];
const named = { 'sluice.limiter.name': 'api' };

/** Takes a permit and keeps it. */
const take = (limiter: Limiter): void => void limiter.acquire().catch(() => undefined);

describe('meterLimiter', () => {
  it('observes the use of each limit, and who works and waits', async () => {
    const measured = new Measured();
    const time = clock();
    const limiter = createLimiter({ limits: limits(), clock: time });
    meterLimiter(limiter, { name: 'api', meterProvider: measured.meterProvider });
    for (let i = 0; i < 3; i++) take(limiter);
    const requests = { ...named, 'sluice.limit.name': 'requests', 'sluice.limit.kind': 'rate' };
    const slots = { ...named, 'sluice.limit.name': 'slots', 'sluice.limit.kind': 'slots' };
    expect(await measured.points('sluice.limiter.usage')).toEqual([
      { attributes: requests, value: 2 },
      { attributes: slots, value: 2 },
    ]);
    expect(await measured.points('sluice.limiter.limit')).toEqual([
      { attributes: requests, value: 2 },
      { attributes: slots, value: 5 },
    ]);
    expect(await measured.points('sluice.limiter.permit.active')).toEqual([{ attributes: named, value: 2 }]);
    expect(await measured.points('sluice.limiter.permit.waiting')).toEqual([{ attributes: named, value: 1 }]);
    time.advance(10_000);
    expect(await measured.points('sluice.limiter.permit.active')).toEqual([{ attributes: named, value: 3 }]);
    expect(await measured.points('sluice.limiter.permit.waiting')).toEqual([{ attributes: named, value: 0 }]);
    expect(await measured.total('sluice.limiter.usage', slots)).toBe(3);
  });

  it('counts admissions, and the time that each has waited, in seconds', async () => {
    const measured = new Measured();
    const time = clock();
    const limiter = createLimiter({ limits: limits(), clock: time });
    meterLimiter(limiter, { name: 'api', meterProvider: measured.meterProvider });
    take(limiter);
    take(limiter);
    time.advance(4_000);
    take(limiter);
    time.advance(3_000);
    take(limiter);
    time.advance(3_000);
    expect(await measured.points('sluice.limiter.admissions')).toEqual([{ attributes: named, value: 4 }]);
    // 0 and 0, then 6 and 3.
    expect(await measured.points('sluice.limiter.wait.duration')).toEqual([
      { attributes: named, value: { count: 4, sum: 9 } },
    ]);
  });

  it('counts refusals by meaning, cool-downs and what they leave, and drops', async () => {
    const measured = new Measured();
    const limiter = createLimiter({ limits: limits(), clock: clock(), queue: { maxSize: 1 }, random: () => 0 });
    meterLimiter(limiter, { name: 'api', meterProvider: measured.meterProvider });
    for (let i = 0; i < 5; i++) take(limiter);
    limiter.refused({ meaning: 'too-fast', hintMs: 7_000 });
    limiter.refused({ meaning: 'no-slot' });
    limiter.refused({ meaning: 'too-fast', hintMs: 8_000 });
    expect(await measured.total('sluice.limiter.drops', named)).toBe(2);
    expect(await measured.points('sluice.limiter.refusals')).toEqual([
      { attributes: { ...named, 'sluice.refusal.meaning': 'too-fast' }, value: 2 },
      { attributes: { ...named, 'sluice.refusal.meaning': 'no-slot' }, value: 1 },
    ]);
    expect(await measured.points('sluice.limiter.cooldowns')).toEqual([{ attributes: named, value: 2 }]);
    expect(await measured.points('sluice.limiter.cooldown.remaining')).toEqual([{ attributes: named, value: 8 }]);
  });

  it('keeps several limiters of one provider apart', async () => {
    const measured = new Measured();
    const [one, other] = [createLimiter({ limits: limits() }), createLimiter({ limits: limits() })];
    const unmeter = meterLimiter(one, { name: 'one', meterProvider: measured.meterProvider });
    meterLimiter(other, { name: 'other', meterProvider: measured.meterProvider });
    take(one);
    take(other);
    take(other);
    const attributesOf = (name: string): object => ({ attributes: { 'sluice.limiter.name': name } });
    expect(await measured.points('sluice.limiter.permit.active')).toMatchObject([
      { ...attributesOf('one'), value: 1 },
      { ...attributesOf('other'), value: 2 },
    ]);
    expect(await measured.points('sluice.limiter.admissions')).toMatchObject([
      { ...attributesOf('one'), value: 1 },
      { ...attributesOf('other'), value: 2 },
    ]);
    unmeter();
    expect(await measured.points('sluice.limiter.permit.active')).toMatchObject([
      { ...attributesOf('one'), value: 0 },
      { ...attributesOf('other'), value: 2 },
    ]);
  });

  it('observes and counts nothing more once it is taken away', async () => {
    const measured = new Measured();
    const limiter = createLimiter({ limits: limits() });
    let asked = 0;
    const watched: Pick<Limiter, 'on' | 'snapshot'> = {
      on: (listener) => limiter.on(listener),
      snapshot: () => {
        asked++;
        return limiter.snapshot();
      },
    };
    const unmeter = meterLimiter(watched, { name: 'api', meterProvider: measured.meterProvider });
    take(limiter);
    await measured.metrics();
    unmeter();
    unmeter();
    const askedBefore = asked;
    take(limiter);
    for (const name of ['sluice.limiter.usage', 'sluice.limiter.permit.active', 'sluice.limiter.limit']) {
      expect((await measured.points(name)).map(({ value }) => value).filter((value) => value !== 0)).toEqual([]);
    }
    expect(await measured.total('sluice.limiter.admissions')).toBe(1);
    expect(asked).toBe(askedBefore);
  });

  it('has no limit where there is no figure, and never an attribute of a key', async () => {
    const measured = new Measured();
    const endless = { ...bare(), usage: () => ({ used: 3, capacity: Infinity, resetsAtMs: 0 }) };
    const limiter = createLimiter({ limits: [endless, dailyQuota({ limit: 9, name: 'credits' })] });
    meterLimiter(limiter, { name: 'api', meterProvider: measured.meterProvider });
    for (const key of ['ada', 'bob', 'cy']) void limiter.acquire({ key, id: key });
    expect(await measured.points('sluice.limiter.limit')).toMatchObject([{ value: 9 }]);
    expect((await measured.points('sluice.limiter.usage')).map(({ value }) => value)).toEqual([3, 3]);
    const points = (await measured.metrics()).flatMap(({ dataPoints }) =>
      dataPoints.map(({ attributes }) => attributes),
    );
    expect(JSON.stringify(points)).not.toMatch(/ada|bob|cy"/);
  });

  it('gives its instruments the kinds, units and bounds that the conventions ask for', async () => {
    const measured = new Measured();
    const limiter = createLimiter({ limits: limits() });
    meterLimiter(limiter, { name: 'api', meterProvider: measured.meterProvider });
    take(limiter);
    const metrics = await measured.metrics();
    for (const { descriptor } of metrics) {
      expect(descriptor.name).toMatch(/^sluice(\.[a-z_]+)+$/);
      expect(descriptor.unit).toMatch(/duration|remaining/.test(descriptor.name) ? /^s$/ : /^\{[a-z]+\}$/);
      expect(descriptor.description).toMatch(/^[A-Z].*\.$/);
    }
    const wait = metrics.find(({ descriptor }) => descriptor.name === 'sluice.limiter.wait.duration');
    expect(wait).toMatchObject({
      dataPointType: DataPointType.HISTOGRAM,
      descriptor: { advice: { explicitBucketBoundaries: expect.arrayContaining([0.1, 60, 3_600]) as number[] } },
    });
  });

  it('is refused what is no option', () => {
    const limiter = createLimiter({ limits: [] });
    expect(() => meterLimiter(limiter, { name: '' })).toThrow(OptionsError);
    expect(() => meterLimiter(limiter, { name: 'a', nam: 'b' } as never)).toThrow(OptionsError);
    expect(() => meterLimiter(limiter, { name: 'a', meterProvider: {} as never })).toThrow(/getMeter/);
  });

  it('costs nothing that anybody can see where no SDK is there', () => {
    const limiter = createLimiter({ limits: limits() });
    const unmeter = meterLimiter(limiter, { name: 'api' });
    expect(() => take(limiter)).not.toThrow();
    expect(unmeter).not.toThrow();
  });
});

/** A limit that lets all pass. */
function bare(): LimiterOptions['limits'][number] {
  return {
    name: 'endless',
    kind: 'rate',
    capacity: Infinity,
    earliest: (_cost, nowMs) => nowMs,
    take: () => undefined,
    release: () => undefined,
    refund: () => undefined,
    usage: () => ({ used: 0, capacity: Infinity, resetsAtMs: 0 }),
  };
}
