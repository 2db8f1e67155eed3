import { createLimiter, rateLimit, slidingWindow, tokenBucket } from '../../../operators/index.js';
import type { MarbleRecord } from '../record.js';
import { Stage } from '../stage.js';
import { windowsOf } from '../windows.js';

const [limit, intervalMs] = [2, 5_000];

export async function burst(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { clock } = stage;
  const letters = stage.source('-abcdef---|');
  const source = stage.watch('source', letters);
  const result = stage.watch('result', letters.pipe(rateLimit({ limit, intervalMs, clock })), 'source');
  await stage.play();
  return {
    title: 'rateLimit lets at most 2 values into any 5 s',
    description:
      'Six values come a second apart. Two pass at once, the next two as the first two leave the window, and so on. ' +
      'Under the result stands each window of 5 s that begins with a value: none sees more than two.',
    untilMs: 17_000,
    tickMs: 1_000,
    rows: [
      source,
      { kind: 'call', code: 'rateLimit({ limit: 2, intervalMs: 5_000 })' },
      result,
      windowsOf(result.marbles, limit, intervalMs, 'any 5 s'),
    ],
  };
}

export async function edge(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { clock } = stage;
  const letters = stage.source('---ab-cd---|');
  const source = stage.watch('source', letters);
  const exact = stage.watch('result', letters.pipe(rateLimit({ limit, intervalMs, clock })), 'source');
  const bucket = createLimiter({ limits: [tokenBucket({ capacity: limit, refill: limit, intervalMs })], clock });
  const looser = stage.watch('token bucket', letters.pipe(rateLimit({ limiter: bucket })));
  await stage.play();
  return {
    title: 'A burst at the edge of a window: rateLimit counts in any 5 s, not by the clock',
    description:
      'Two values come just before the fifth second and two just after it. A count by the clock would let all four pass ' +
      'within 4 s, and a token bucket of the same rate lets three into one window (red). rateLimit never sees more than two.',
    untilMs: 15_000,
    tickMs: 1_000,
    bands: [{ fromMs: 5_000, toMs: 10_000, text: '5 s by the clock' }],
    rows: [
      source,
      { kind: 'call', code: 'rateLimit({ limit: 2, intervalMs: 5_000 })' },
      exact,
      windowsOf(exact.marbles, limit, intervalMs, 'any 5 s'),
      { kind: 'call', code: 'tokenBucket({ capacity: 2, refill: 2, intervalMs: 5_000 })' },
      looser,
      windowsOf(looser.marbles, limit, intervalMs, 'any 5 s'),
    ],
  };
}

export async function even(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { clock } = stage;
  const letters = stage.source('(abcd)---------e|');
  const source = stage.watch('source', letters);
  const spaced = rateLimit<string>({ limit, intervalMs, spacing: 'even', clock });
  const result = stage.watch('result', letters.pipe(spaced), 'source');
  await stage.play();
  return {
    title: 'Even spacing: one value each 2.5 s instead of two at once',
    description:
      'Four values come at once and pass 2.5 s apart. The fifth comes after a pause and passes at once; nothing is saved up.',
    untilMs: 17_000,
    tickMs: 1_000,
    rows: [
      source,
      { kind: 'call', code: "rateLimit({ limit: 2, intervalMs: 5_000, spacing: 'even' })" },
      result,
      windowsOf(result.marbles, limit, intervalMs, 'any 5 s'),
    ],
  };
}

export async function shared(): Promise<MarbleRecord> {
  const stage = new Stage();
  const limiter = createLimiter({ limits: [slidingWindow({ limit, intervalMs })], clock: stage.clock });
  const [left, right] = [stage.source('-a-b-c-----|'), stage.source('--x-y------|')];
  const sources = [stage.watch('one source', left), stage.watch('another', right)] as const;
  const results = [
    stage.watch('its result', left.pipe(rateLimit({ limiter })), 'one source'),
    stage.watch('the other’s', right.pipe(rateLimit({ limiter })), 'another'),
  ] as const;
  await stage.play();
  const together = results.flatMap(({ marbles }) => marbles).sort((one, other) => one.atMs - other.atMs);
  return {
    title: 'Two streams on one limiter: their values together keep the limit, in the order in which they came',
    description:
      'One stream brings a, b and c, another x and y. Both are handed the same limiter of two in any 5 s. ' +
      'The values pass as if they were one stream: a, x, b, y, c.',
    untilMs: 17_000,
    tickMs: 1_000,
    rows: [
      ...sources,
      { kind: 'call', code: 'both: rateLimit({ limiter })' },
      ...results,
      windowsOf(together, limit, intervalMs, 'any 5 s, both'),
    ],
  };
}
