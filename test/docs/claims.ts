import { expect } from 'vitest';
import { backoffBounds } from '../../operators/index.js';
import type {
  CrowdRow,
  Marble,
  MarbleRecord,
  RangeRow,
  Row,
  Span,
  StreamRow,
  WindowsRow,
} from '../../docs/marbles/record.js';

type Claim = (record: MarbleRecord) => void;

/** What each picture claims, checked on the record that it is drawn from. */
export const claims: Readonly<Record<string, Claim>> = {
  'rateLimit-burst': (record) => {
    expect(stream(record, 'result').marbles.map(valueOf)).toEqual(stream(record, 'source').marbles.map(valueOf));
    expectEachWithin(windows(record));
    expect(instants(stream(record, 'result'))).toEqual([1, 2, 6, 7, 11, 12]);
  },
  'rateLimit-edge': (record) => {
    const [exact, bucket] = rowsOf<WindowsRow>(record, 'windows');
    expectEachWithin(exact!);
    expect(Math.max(...bucket!.windows.map(({ sees }) => sees.length))).toBe(3);
    expect(stream(record, 'source').marbles.filter(({ atMs }) => atMs < 5_000)).toHaveLength(2);
  },
  'rateLimit-even': (record) => {
    expectEachWithin(windows(record));
    expect(instants(stream(record, 'result'))).toEqual([0, 2.5, 5, 7.5, 15]);
  },
  'rateLimit-shared': (record) => {
    const of = (...labels: string[]) => byTime(labels.flatMap((label) => stream(record, label).marbles)).map(valueOf);
    expect(of('its result', 'the other’s')).toEqual(of('one source', 'another'));
    expectEachWithin(windows(record));
  },

  'concurrencyLimit-unordered': (record) => {
    expectAtMostAtOnce(2, spans(record, 'work'));
    expectNeverIdle(2, spans(record, 'work'), stream(record, 'source'));
    expect(stream(record, 'result').marbles.map(valueOf).join('')).toBe('badce');
  },
  'concurrencyLimit-ordered': (record) => {
    expectNeverIdle(2, spans(record, 'work'), stream(record, 'source'));
    expect(stream(record, 'ordered').marbles.map(valueOf).join('')).toBe('abcde');
    expect(stream(record, 'unordered').marbles.map(valueOf).join('')).toBe('badce');
  },
  'concurrencyLimit-shared': (record) => {
    const work = spans(record, 'all work');
    expectAtMostAtOnce(2, work);
    expect(work.map(valueOf).join('')).toBe('axbyc');
  },
  'concurrencyLimit-leaving': (record) => {
    const aborted = spans(record, 'its work').filter(({ look }) => look === 'aborted');
    expect(aborted.map(({ value, toMs }) => `${value} ${toMs}`)).toEqual(['a 6000', 'c 6000']);
    const stopped = spans(record, 'the work');
    expect(stopped.map(({ value, look }) => `${value} ${look}`)).toEqual(['a work', 'b work', 'c work']);
    expect(stream(record, 'stopped')).toMatchObject({ end: { how: 'complete', atMs: 10_000 } });
  },

  'retryWithJitter-waits': (record) => {
    const waits = spans(record, 'waits').map(({ fromMs, toMs }) => toMs - fromMs);
    expect(waits).toHaveLength(3);
    waits.forEach((waitMs, attempt) => expectWithin(waitMs, backoffBounds({ attempt })));
    const starts = spans(record, 'tries').map(({ fromMs }) => fromMs);
    expect(starts.slice(1)).toEqual(spans(record, 'waits').map(({ toMs }) => toMs));
    expect(stream(record, 'result').marbles.map(valueOf)).toEqual(['a']);
  },
  'retryWithJitter-bounds': (record) => {
    const ranges = rowsOf<RangeRow>(record, 'range');
    expect(ranges.map(({ fromMs, toMs }) => [fromMs, toMs]).slice(0, 3)).toEqual([
      [1_000, 1_500],
      [2_000, 3_000],
      [4_000, 6_000],
    ]);
    for (const { fromMs: minMs, toMs: maxMs, drawnMs } of ranges) {
      expect(drawnMs).toHaveLength(16);
      for (const waitMs of drawnMs) expectWithin(waitMs, { minMs, maxMs });
    }
  },
  'retryWithJitter-crowd': (record) => {
    const [none, ...others] = rowsOf<CrowdRow>(record, 'crowd');
    expect(new Set(none!.atMs)).toEqual(new Set([0, 1_000, 3_000, 7_000]));
    for (const { atMs } of others) {
      expect(atMs).toHaveLength(64);
      expect(new Set(atMs).size).toBe(1 + 48);
    }
  },
  'retryWithJitter-cooled': (record) => {
    const starts = spans(record, 'requests').map(({ fromMs }) => fromMs);
    expect(starts.filter((atMs) => atMs > 3_000 && atMs < 8_000)).toEqual([]);
    const rounds = [8_000, 9_000, 10_000].map((atMs) => starts.filter((it) => it === atMs).length);
    expect(rounds).toEqual([1, 2, 2]);
  },

  'pollUntilDone-changes': (record) => {
    const polls = spans(record, 'polls');
    polls.slice(1).forEach(({ fromMs }, index) => expect(fromMs - polls[index]!.toMs).toBe(3_000));
    expect(stream(record, 'result').marbles.map(valueOf)).toEqual(['queued', 'running', 'done']);
  },
  'pollUntilDone-failing': (record) => {
    const [, reset, refused, last] = spans(record, 'polls');
    expect(refused!.fromMs - reset!.toMs).toBe(2_000);
    expect(last!.fromMs - refused!.toMs).toBe(6_000);
    expect(stream(record, 'result').marbles.map(valueOf)).toEqual(['done']);
  },
  'pollUntilDone-deadline': (record) => {
    const [last] = spans(record, 'polls').slice(-1);
    expect(last).toMatchObject({ look: 'aborted', toMs: 14_000 });
    expect(stream(record, 'result')).toMatchObject({ marbles: [], end: { how: 'error', text: 'DeadlineError' } });
    expect(spans(record, 'at the server')[0]!.toMs).toBeGreaterThan(14_000);
  },

  'pullFrom-permits': (record) => {
    expectAtMostAtOnce(2, spans(record, 'work'));
    expect(instants(stream(record, 'pulls'))).toEqual(spans(record, 'work').map(({ fromMs }) => fromMs / 1_000));
    expect(instants(stream(record, 'pulls\nall at once'))).toEqual([0, 0, 0, 0, 0, 0]);
  },
  'pullFrom-paced': (record) => {
    expectEachWithin(windows(record));
    expect(stream(record, 'pulls')).toMatchObject({ end: { how: 'unsubscribed', atMs: 7_000 } });
    expect(stream(record, 'pulls').marbles.map(valueOf).join('')).toBe('abcd');
    expect(spans(record, 'work').find(({ value }) => value === 'c')).toMatchObject({ look: 'aborted' });
  },

  'generate-slots': (record) => {
    const slots = spans(record, 'slots');
    expectAtMostAtOnce(2, slots);
    for (const { value, fromMs, toMs } of spans(record, 'at Kling')) {
      const slot = slots.find((it) => it.value === value)!;
      expect(slot.fromMs).toBeLessThanOrEqual(fromMs);
      expect(slot.toMs).toBeGreaterThanOrEqual(toMs);
    }
    const results = stream(record, 'results').marbles;
    expect(results.map(valueOf).sort().join('')).toBe('abcde');
    expect(results.filter(({ tone }) => tone === 'bad').map(valueOf)).toEqual(['c']);
  },
  'generate-rate': (record) => {
    expectEachWithin(windows(record));
    expect(windows(record).windows.some(({ sees }) => sees.some(({ value }) => value === 'p'))).toBe(true);
    expect(stream(record, 'results').marbles).toHaveLength(4);
  },
  'generate-killed': (record) => {
    expect(spans(record, 'at Kling').map(valueOf).sort().join('')).toBe('abcd');
    expectAtMostAtOnce(2, spans(record, 'at Kling'));
    const [first, second] = [stream(record, 'first run').marbles, stream(record, 'second run').marbles];
    expect(first.map(valueOf)).toEqual(second.filter(({ tone }) => tone === 'quiet').map(valueOf));
    expect(second.map(valueOf).sort().join('')).toBe('abcd');
    const requests = rowsOf<StreamRow>(record, 'stream').find(({ label }) => label.startsWith('requests'))!;
    expect(requests.marbles.filter(({ value }) => value === 's')).toHaveLength(4);
  },

  'createRequestQueue-pace': (record) => {
    expect(spans(record, 'requests').map(({ value, fromMs }) => `${value} ${fromMs}`)).toEqual([
      'a 1000',
      'b 3000',
      'c 5000',
      'd 7000',
      'e 12000',
    ]);
  },
  'createRequestQueue-failure': (record) => {
    const results = stream(record, 'results$').marbles;
    expect(results.map(({ value, tone = '' }) => value + tone)).toEqual(['a', 'bbad', 'c']);
  },
};

function rowsOf<R extends Row>({ rows }: MarbleRecord, kind: R['kind']): readonly R[] {
  return rows.filter((row): row is R => row.kind === kind);
}

function stream(record: MarbleRecord, label: string): StreamRow {
  const found = rowsOf<StreamRow>(record, 'stream').find((row) => row.label === label);
  if (found === undefined) throw new Error(`no stream "${label}"`);
  return found;
}

/** The spans of a row, in the order in which they begin. */
function spans({ rows }: MarbleRecord, label: string): readonly Span[] {
  const found = rows.find((row) => row.kind === 'spans' && row.label === label);
  if (found?.kind !== 'spans' || found.spans.length === 0) throw new Error(`no spans "${label}"`);
  return [...found.spans].sort((one, other) => one.fromMs - other.fromMs);
}

function windows(record: MarbleRecord): WindowsRow {
  const [found] = rowsOf<WindowsRow>(record, 'windows');
  if (found === undefined || found.windows.length === 0) throw new Error('no windows');
  return found;
}

function valueOf({ value }: { readonly value: string }): string {
  return value;
}

function instants({ marbles }: StreamRow): readonly number[] {
  return marbles.map(({ atMs }) => atMs / 1_000);
}

function byTime(marbles: readonly Marble[]): readonly Marble[] {
  return [...marbles].sort((one, other) => one.atMs - other.atMs);
}

function expectEachWithin({ windows: all, limit }: WindowsRow): void {
  for (const { sees } of all) expect(sees.length).toBeLessThanOrEqual(limit);
  // Or the picture would show a limit that never holds anything back.
  expect(Math.max(...all.map(({ sees }) => sees.length))).toBe(limit);
}

function inFlightAt(atMs: number, all: readonly Span[]): number {
  return all.filter(({ fromMs, toMs }) => fromMs <= atMs && toMs > atMs).length;
}

function expectAtMostAtOnce(limit: number, all: readonly Span[]): void {
  for (const { fromMs } of all) expect(inFlightAt(fromMs, all)).toBeLessThanOrEqual(limit);
  expect(Math.max(...all.map(({ track }) => track))).toBe(limit - 1);
}

/** Work that began after it came, began as other work ended; and until then all slots were taken. */
function expectNeverIdle(limit: number, work: readonly Span[], source: StreamRow): void {
  for (const { value, fromMs } of work) {
    const cameMs = source.marbles.find((it) => it.value === value)!.atMs;
    if (fromMs === cameMs) continue;
    for (let atMs = cameMs; atMs < fromMs; atMs += 500) expect(inFlightAt(atMs, work)).toBe(limit);
  }
}

function expectWithin(ms: number, { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): void {
  expect(ms).toBeGreaterThanOrEqual(minMs);
  expect(ms).toBeLessThanOrEqual(maxMs);
}
