import { takeUntil, type Observable } from 'rxjs';
import { concurrency, concurrencyLimit, createLimiter } from '../../../operators/index.js';
import type { MarbleRecord } from '../record.js';
import { Stage, Workshop } from '../stage.js';

/** How long the work of each value takes, in ms. */
const lastsMs: Readonly<Record<string, number>> = { a: 6_000, b: 3_000, c: 5_000, d: 2_000, e: 3_000 };
const limit = 2;

function workOf(shop: Workshop): (value: string) => Observable<string> {
  return (value) => shop.work(value, lastsMs[value] ?? 4_000);
}

export async function unordered(): Promise<MarbleRecord> {
  const stage = new Stage();
  const letters = stage.source('-abcde-----|');
  const source = stage.watch('source', letters);
  const shop = new Workshop(stage, 'work', 'source');
  const result = stage.watch('result', letters.pipe(concurrencyLimit(workOf(shop), { limit })), 'work');
  await stage.play();
  return {
    title: 'concurrencyLimit keeps two pieces of work in flight, and never one where two could be',
    description:
      'Five values come a second apart. The work of a and b begins at once; c begins as b ends, d as a ends, e as d ends. ' +
      'Results come as work ends: b, a, d, c, e. There are never more than two bars over one another.',
    untilMs: 14_000,
    tickMs: 1_000,
    rows: [source, { kind: 'call', code: 'concurrencyLimit((x) => work(x), { limit: 2 })' }, shop.row, result],
  };
}

export async function ordered(): Promise<MarbleRecord> {
  const stage = new Stage();
  const letters = stage.source('-abcde-----|');
  const source = stage.watch('source', letters);
  const [shop, unseen] = [new Workshop(stage, 'work', 'source'), new Workshop(stage, 'the same work')];
  const inOrder = concurrencyLimit(workOf(shop), { limit, ordered: true });
  const asTheyEnd = concurrencyLimit(workOf(unseen), { limit });
  const result = stage.watch('ordered', letters.pipe(inOrder), 'work');
  const other = stage.watch('unordered', letters.pipe(asTheyEnd));
  await stage.play();
  return {
    title: 'ordered: true holds back results, not work',
    description:
      'The same five pieces of work as without order, begun at the same instants. The result of b, which ends first, is held ' +
      'until a has its own; d waits for c in the same way. Below, for comparison, the results as they end.',
    untilMs: 14_000,
    tickMs: 1_000,
    rows: [
      source,
      { kind: 'call', code: 'concurrencyLimit((x) => work(x), { limit: 2, ordered: true })' },
      shop.row,
      result,
      other,
    ],
  };
}

export async function shared(): Promise<MarbleRecord> {
  const stage = new Stage();
  const limiter = createLimiter({ limits: [concurrency({ limit })], clock: stage.clock });
  const [left, right] = [stage.source('-a-bc------|'), stage.source('--x-y------|')];
  const shop = new Workshop(stage, 'all work', 'one source', 'another');
  const sources = [stage.watch('one source', left), stage.watch('another', right)] as const;
  const results = [
    stage.watch('its result', left.pipe(concurrencyLimit(workOf(shop), { limiter, key: () => 'left' })), 'all work'),
    stage.watch('the other’s', right.pipe(concurrencyLimit(workOf(shop), { limiter, key: () => 'right' })), 'all work'),
  ] as const;
  await stage.play();
  return {
    title: 'Two streams on one limiter: two pieces of work at once in all, and turns between the streams',
    description:
      'One stream brings a, b and c, another x and y. Both hold one limiter of two at once, under keys of their own. ' +
      'As a slot comes free the streams take turns: y begins before c, which came just before y.',
    untilMs: 18_000,
    tickMs: 1_000,
    rows: [
      ...sources,
      { kind: 'call', code: 'both: concurrencyLimit(work, { limiter, key: () => stream })' },
      shop.row,
      ...results,
    ],
  };
}

export async function leaving(): Promise<MarbleRecord> {
  const stage = new Stage();
  const stop = new AbortController();
  const atMs = 6_000;
  const letters = stage.source('-abcde-----|');
  const source = stage.watch('source', letters);
  const [left, stopped] = [new Workshop(stage, 'its work', 'source'), new Workshop(stage, 'the work')];
  const cut = stage.at(atMs);
  cut.subscribe(() => stop.abort());
  const unsubscribed = letters.pipe(concurrencyLimit(workOf(left), { limit }), takeUntil(cut));
  const drained = letters.pipe(concurrencyLimit(workOf(stopped), { limit, stop: stop.signal }));
  const results = [stage.watch('unsubscribed', unsubscribed), stage.watch('stopped', drained)] as const;
  await stage.play();
  return {
    title: 'Unsubscribing aborts what runs; stop lets it end. Neither begins what waits',
    description:
      'At 6 s, with a and c in flight and d and e waiting, one result is unsubscribed from: a and c are aborted. ' +
      'Another one is told to stop: a and c end and give their results, then it completes. d and e are never begun.',
    untilMs: 14_000,
    tickMs: 1_000,
    bands: [{ fromMs: atMs, toMs: 14_000, text: 'unsubscribed from, or told to stop' }],
    rows: [
      source,
      { kind: 'call', code: 'concurrencyLimit((x) => work(x), { limit: 2 })' },
      left.row,
      { ...results[0], end: { atMs, how: 'unsubscribed' } },
      { kind: 'call', code: 'concurrencyLimit((x) => work(x), { limit: 2, stop: signal })' },
      stopped.row,
      results[1],
    ],
  };
}
