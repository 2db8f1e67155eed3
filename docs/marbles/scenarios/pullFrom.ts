import { from, take, type Observable } from 'rxjs';
import { concurrency, concurrencyLimit, createLimiter, pullFrom, slidingWindow } from '../../../operators/index.js';
import type { End, Marble, MarbleRecord, StreamRow } from '../record.js';
import { Stage, Workshop } from '../stage.js';
import { windowsOf } from '../windows.js';

const lastsMs: Readonly<Record<string, number>> = { a: 3_000, b: 5_000, c: 4_000, d: 2_000, e: 3_000, f: 3_000 };
const limit = 2;

function workOf(shop: Workshop): (value: string) => Observable<string> {
  return (value) => shop.work(value, lastsMs[value] ?? 4_000);
}

/** An iterable that shows when it is asked for its next value, and when it is closed. */
function pulled(
  stage: Stage,
  label: string,
  values: string,
): { readonly row: StreamRow; readonly source: Iterable<string> } {
  const marbles: Marble[] = [];
  const row: StreamRow & { end?: End } = { kind: 'stream', label, marbles };
  function* source(): Generator<string> {
    let isExhausted = false;
    try {
      for (const value of values) {
        marbles.push({ atMs: stage.clock.now(), value });
        yield value;
      }
      isExhausted = true;
    } finally {
      const atMs = stage.clock.now();
      row.end = isExhausted ? { atMs, how: 'complete' } : { atMs, how: 'unsubscribed', text: 'return()' };
    }
  }
  return { row, source: source() };
}

export async function permits(): Promise<MarbleRecord> {
  const stage = new Stage();
  const [asked, eager] = [pulled(stage, 'pulls', 'abcdef'), pulled(stage, 'pulls\nall at once', 'abcdef')];
  const [shop, other] = [new Workshop(stage, 'work', 'pulls'), new Workshop(stage, 'its work')];
  const result = stage.watch('result', pullFrom(asked.source, workOf(shop), { limit, clock: stage.clock }), 'work');
  stage.watch('', from(eager.source).pipe(concurrencyLimit(workOf(other), { limit })));
  await stage.play();
  return {
    title: 'pullFrom asks for the next value only when there is room for it',
    description:
      'Six values, two pieces of work at once. pullFrom pulls a and b, then each further value as a piece of work ends: ' +
      'nothing is queued. Below, from(iterable) with concurrencyLimit does the same work but pulls all six at once and queues four.',
    untilMs: 14_000,
    tickMs: 1_000,
    rows: [
      asked.row,
      { kind: 'call', code: 'pullFrom(source, (x) => work(x), { limit: 2 })' },
      shop.row,
      result,
      { kind: 'call', code: 'from(source).pipe(concurrencyLimit((x) => work(x), { limit: 2 }))' },
      eager.row,
    ],
  };
}

export async function paced(): Promise<MarbleRecord> {
  const stage = new Stage();
  const intervalMs = 5_000;
  const limiter = createLimiter({
    limits: [slidingWindow({ limit, intervalMs, countUntil: 'start' }), concurrency({ limit })],
    clock: stage.clock,
  });
  const asked = pulled(stage, 'pulls', 'abcdef');
  const shop = new Workshop(stage, 'work', 'pulls');
  const result = stage.watch('result', pullFrom(asked.source, workOf(shop), { limiter }).pipe(take(3)), 'work');
  await stage.play();
  return {
    title: 'A limiter paces the pulls, and leaving closes the iterable',
    description:
      'The limiter lets two begin in any 5 s, and two run at once; a value is pulled only when both allow it. After three results ' +
      'take(3) leaves: what runs is aborted, and the iterable is closed with return(). e and f are never pulled.',
    untilMs: 14_000,
    tickMs: 1_000,
    rows: [
      asked.row,
      windowsOf(asked.row.marbles, limit, intervalMs, 'any 5 s'),
      { kind: 'call', code: 'pullFrom(source, (x) => work(x), { limiter }).pipe(take(3))' },
      shop.row,
      result,
    ],
  };
}
