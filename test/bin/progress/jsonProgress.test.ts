import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonProgress } from '../../../bin/progress/jsonProgress.js';
import type { RunEvent } from '../../../bin/progress/progress.js';
import type { Summary } from '../../../bin/summary.js';
import { runs } from '../../runs.js';
import { eventOf, remote, resultOf } from '../events.js';

const error = { meaning: 'overdue', code: 'SLUICE_DEADLINE', message: 'not done' } as const;
const refusal = { meaning: 'too-fast', hintMs: 5, baseMs: 1_000 } as const;

/** One event of each type, with all that it can have. */
const events: readonly RunEvent[] = [
  ...(['queued', 'submitting', 'looking-up'] as const).map((type) => eventOf({ type })),
  ...(['submitted', 'processing'] as const).map((type) => eventOf({ type, remote })),
  eventOf({ type: 'adopted', taskId: 'theirs-1', sinceAtMs: 7 }),
  eventOf({ type: 'refused', refusal, error: new Error('slow down') }),
  eventOf({ type: 'retrying', refusal, delayMs: 9 }),
  eventOf({ type: 'ended', result: resultOf({ status: 'failed', isEarlier: true, error }) }),
  { type: 'saved', index: 0, id: 'ours-1', file: 'a.mp4' },
  { type: 'unsaved', index: 0, id: 'ours-1', file: 'a.mp4', url: 'http://x/a', message: 'gone' },
];
const counts = { succeeded: 1, earlier: 0, failed: 0, unfinished: 0, notSent: 0, refusals: 0, requests: 3 };
const summary: Required<Summary> = {
  ...counts,
  total: 1,
  isShared: true,
  reasons: [],
  unfinishedReasons: [],
  credits: 10,
  creditsInAll: 10,
  tookMs: 9,
  speed: 1,
  limitsAloneMs: 8,
  resultsPath: 'o/results.jsonl',
  canGoOn: false,
  canRetry: false,
  videos: { total: 1, saved: 1, earlier: 0, failed: 0, directory: 'o/videos' },
};

function written(tell: (progress: JsonProgress) => void): readonly string[] {
  const writes: string[] = [];
  tell(new JsonProgress({ write: (text) => writes.push(text) }));
  return writes;
}

/** The fields of each type, as docs/guides/progress.md lists them. */
function listed(): ReadonlyMap<unknown, ReadonlySet<string>> {
  const [, section = ''] = readFileSync('docs/guides/progress.md', 'utf8').split('## JSON\n');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const [, type = '', , fields = ''] = row.split('|');
      return [type.replaceAll(/[` ]/g, ''), new Set([...fields.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))];
    }),
  );
}

describe('JsonProgress', () => {
  it('should have the fields that docs/guides/progress.md lists, and no others', () => {
    const lines = written((progress) => {
      for (const event of events) progress.event(event);
      progress.note('something');
      progress.close(summary);
    });
    const told = new Map(
      lines.map((line) => {
        const { type, ...fields } = JSON.parse(line) as Record<string, unknown>;
        return [type, new Set(Object.keys(fields))];
      }),
    );
    expect(told).toEqual(listed());
  });

  it('should always write one valid line for one event, whatever stands in it', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\nb\r\u2028c', '\0\x1b[2J'));
    fc.assert(
      fc.property(anyText, anyText, fc.double(), (one, other, figure) => {
        const told = written((progress) => {
          progress.note(one);
          progress.event(eventOf({ type: 'refused', id: other, refusal: { meaning: 'invalid' }, error: one }));
          progress.event(eventOf({ type: 'retrying', refusal, delayMs: figure }));
          progress.close({ ...summary, resultsPath: other, limitsAloneMs: figure });
        });
        expect(told).toHaveLength(4);
        for (const line of told) {
          expect(line).toMatch(/\}\n$/);
          expect(JSON.parse(line)).toBeTypeOf('object');
          expect(line.trimEnd()).not.toMatch(/\p{Cs}|[\n\r]/u);
        }
      }),
      runs(300),
    );
  });
});
