import { defer, mergeMap, throwError, type Observable } from 'rxjs';
import {
  backoffBounds,
  concurrency,
  createLimiter,
  retryWithJitter,
  type Jitter,
  type Refusal,
} from '../../../operators/index.js';
import { seededRandom } from '../../../src/simulator/seededRandom.js';
import type { CrowdRow, MarbleRecord, RangeRow, Span } from '../record.js';
import { Stage, Workshop } from '../stage.js';

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export async function waits(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { clock } = stage;
  const tries = new Workshop(stage, 'tries');
  const waited: Span[] = [];
  let count = 0;
  const request$ = defer(() => {
    const nth = ++count;
    return tries.work(nth === 4 ? 'a' : `${nth}`, 1_000, nth === 4 ? { text: 'ok' } : { error: new Error('503') });
  });
  const retried = request$.pipe(
    retryWithJitter({
      clock,
      random: seededRandom(5),
      onRetry: ({ delayMs }) =>
        waited.push({
          value: 'wait',
          track: 0,
          look: 'wait',
          tone: 'quiet',
          fromMs: clock.now(),
          toMs: clock.now() + delayMs,
          text: seconds(delayMs),
        }),
    }),
  );
  const result = stage.watch('result', retried, 'tries');
  await stage.play();
  const bands = waited.map(({ fromMs }, attempt) => {
    const { minMs, maxMs } = backoffBounds({ attempt });
    return { fromMs: fromMs + minMs, toMs: fromMs + maxMs, text: `${minMs / 1_000} to ${maxMs / 1_000} s` };
  });
  return {
    title: 'retryWithJitter waits about twice as long before each try, plus a draw of up to half',
    description:
      'Three tries of a second each fail, the fourth is answered. Between them it waits 1 to 1.5 s, then 2 to 3 s, then 4 to 6 s; ' +
      'the next try begins somewhere in the shaded span. What was drawn is written on each wait.',
    untilMs: 16_000,
    tickMs: 1_000,
    bands,
    rows: [
      { kind: 'call', code: 'request$.pipe(retryWithJitter({ maxRetries: 5, baseMs: 1_000 }))' },
      tries.row,
      { kind: 'spans', label: 'waits', spans: waited },
      result,
    ],
  };
}

const callers = 16;

export async function bounds(): Promise<MarbleRecord> {
  const stage = new Stage();
  const maxRetries = 8;
  const drawn = Array.from({ length: maxRetries }, (): number[] => []);
  const random = seededRandom(1);
  for (let caller = 0; caller < callers; caller++) {
    const onRetry = ({ retry, delayMs }: { retry: number; delayMs: number }): void =>
      void drawn[retry - 1]?.push(delayMs);
    throwError(() => new Error('503'))
      .pipe(retryWithJitter({ maxRetries, random, clock: stage.clock, onRetry }))
      .subscribe({ error: () => undefined });
  }
  await stage.play();
  const rows = drawn.map((drawnMs, attempt): RangeRow => {
    const { minMs, maxMs } = backoffBounds({ attempt });
    return { kind: 'range', label: `retry ${attempt + 1}`, fromMs: minMs, toMs: maxMs, drawnMs };
  });
  return {
    title: 'The bounds of proportional jitter, retry by retry, and what 16 callers drew',
    description:
      'Each bar runs from min(60 s, 1 s doubled at each retry) to half as much again: 1 to 1.5 s, 2 to 3 s, 4 to 6 s, and so on ' +
      'up to 60 to 90 s, where it stays. The dots are the waits of 16 callers that failed each time; all lie within the bars.',
    untilMs: 95_000,
    tickMs: 10_000,
    unit: 's waited',
    rows,
  };
}

export async function crowd(): Promise<MarbleRecord> {
  const kinds: readonly Jitter[] = ['none', 'proportional', 'equal', 'full'];
  const rows: CrowdRow[] = [];
  for (const jitter of kinds) {
    const stage = new Stage();
    const random = seededRandom(2);
    const atMs: number[] = [];
    const request$ = defer(() => {
      atMs.push(stage.clock.now());
      return throwError(() => new Error('503'));
    });
    for (let caller = 0; caller < callers; caller++) {
      request$
        .pipe(retryWithJitter({ maxRetries: 3, jitter, random, clock: stage.clock }))
        .subscribe({ error: () => undefined });
    }
    await stage.play();
    rows.push({ kind: 'crowd', label: jitter, atMs });
  }
  return {
    title: '16 callers fail at the same instant: without jitter they all come back at the same instant, too',
    description:
      'Each dot is a request. All 16 callers fail at 0 s and again at each of their three retries. Without jitter they come ' +
      'together at 1, 3 and 7 s. With proportional, equal or full jitter the retries are spread, the more the later.',
    untilMs: 11_000,
    tickMs: 1_000,
    rows,
  };
}

export async function cooled(): Promise<MarbleRecord> {
  const stage = new Stage();
  const limiter = createLimiter({ limits: [concurrency({ limit: 4 })], clock: stage.clock });
  const requests = new Workshop(stage, 'requests', 'source');
  const hintMs = 5_000;
  const classify = (): Refusal => ({ meaning: 'too-fast', hintMs });
  let isRefused = true;
  const request = (value: string): Observable<string> =>
    defer(() => {
      const refused = value === 'b' && isRefused;
      if (refused) isRefused = false;
      return requests.work(value, 1_000, refused ? { error: new Error('429'), text: '429' } : {});
    });
  const letters = stage.source('-abcdefg-----|');
  const source = stage.watch('source', letters);
  const retried = retryWithJitter<string>({ limiter, classify, clock: stage.clock, random: seededRandom(1) });
  const answers = stage.watch('answers', letters.pipe(mergeMap((value) => request(value).pipe(retried))), 'requests');
  await stage.play();
  return {
    title:
      'A hint is a floor, and a refusal cools the limiter: everybody waits, one goes first, the rest follows in rounds',
    description:
      'Seven callers share a limiter. The second one is refused at 3 s: too fast, come back in 5 s. Nobody begins before 8 s, ' +
      'not even those who were never refused. Then one request goes first; as it ends well two follow, then the rest.',
    untilMs: 14_000,
    tickMs: 1_000,
    bands: [{ fromMs: 3_000, toMs: 3_000 + hintMs, text: 'Retry-After: 5' }],
    rows: [
      source,
      { kind: 'call', code: 'request(x).pipe(retryWithJitter({ limiter, classify }))' },
      requests.row,
      answers,
    ],
  };
}
