import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { headersFor, readAnswer } from '../../src/http/downloading/answer.js';
import { isPlausible } from '../../src/http/downloading/content.js';
import { Part } from '../../src/http/downloading/part.js';
import { runs } from '../runs.js';
import { expectCount, expectLinear, expectUnpolluted, outcomeOf } from './expectations.js';
import { altered, mangled, wildJson } from './mangled.js';

const url = 'https://e.org/v.mp4';
const part = { url, validator: '"v1"', bytes: 300, partBytes: 100 };
const ofUnknownLength = { ...part, bytes: undefined };
const parts = fc.constantFrom(part, ofUnknownLength, undefined);
const headers = fc.record(
  {
    'content-range': nearly(['bytes 100-299/300', 'bytes 100-299/*', 'bytes */100', 'bytes */300', 'bytes 0-99/300']),
    'content-length': nearly(['200', '300']),
    'content-type': nearly(['video/mp4', 'video/mp4', 'text/html; charset=utf-8', 'application/problem+json']),
    'content-encoding': nearly(['identity', 'identity', 'gzip']),
    etag: nearly(['"v1"', '"v1"', 'W/"v1"', '"v2"']),
    'last-modified': nearly(['Sun, 06 Nov 1994 08:49:37 GMT']),
    date: nearly(['Sun, 06 Nov 1994 08:49:38 GMT']),
    'retry-after': nearly(['30', 'Sun, 06 Nov 1994 08:49:38 GMT']),
  },
  { requiredKeys: ['content-range', 'etag'] },
);
const status = fc.constantFrom<number>(200, 206, 206, 416, 416, 404, 429, 503);
/** One of each kind, which chance would not always bring. */
const ofEachKind: [number, { 'content-range': string; etag: string }, typeof part | typeof ofUnknownLength][] = [
  [206, { 'content-range': 'bytes 100-299/300', etag: '"v1"' }, part],
  [416, { 'content-range': 'bytes */100', etag: '"v1"' }, ofUnknownLength],
  [416, { 'content-range': 'bytes */300', etag: '"v2"' }, part],
  [200, { 'content-range': '', etag: '"v1"' }, part],
  [503, { 'content-range': '', etag: '"v1"' }, part],
];

/** One of them, as it is more often than not. */
function nearly(values: readonly string[]): fc.Arbitrary<string> {
  const good = fc.constantFrom(...values);
  return fc.oneof({ weight: 3, arbitrary: good }, mangled(good, '9'.repeat(400), '100', '-', '\r\nx: y'));
}

describe('the head of a file’s answer, of any text', () => {
  it('should never be taken for the rest of a part unless it goes on where that ends, and is of the same', () => {
    const types = ofEachKind.map(
      ([code, given, found]) => readAnswer({ status: code, headers: given }, url, found, 0).type,
    );
    expect(types).toEqual(['rest', 'nothing-more', 'other', 'whole', 'refusal']);
    fc.assert(
      fc.property(status, headers, parts, (code, given, found) => {
        const bringing = readAnswer({ status: code, headers: given }, url, found, 0);
        expectUnpolluted(bringing);
        if ('bytes' in bringing) expectCount(bringing.bytes);
        if (bringing.type === 'refusal') expectCount(bringing.error.retryAfterMs);
        if (bringing.type === 'whole') {
          const { origin } = bringing;
          // What is written down of it is what is asked for the next time, and can be.
          if (origin !== undefined) expect(new Headers(headersFor({ ...origin, partBytes: 1 }))).toBeDefined();
        }
        if (bringing.type !== 'rest' && bringing.type !== 'nothing-more') return;
        expect(found).toBeDefined();
        expect(given.etag.trim()).toBe(part.validator);
        expect(given['content-range'].trim()).toMatch(
          bringing.type === 'rest' ? /^bytes 0*100-/i : /^bytes \*\/0*100$/i,
        );
      }),
      { ...runs(1_000), examples: ofEachKind },
    );
  });

  it('should never take longer to read than it is long', () => {
    const read = (text: string): unknown => {
      const all = { 'content-range': text, 'content-length': text, 'content-type': text, etag: text, date: text };
      return [readAnswer({ status: 206, headers: all }, url, part, 0), isPlausible(Buffer.from(text), text, 'a')];
    };
    for (const piece of ['bytes ', '1', '-', '/', '*', '"', ' ', ';', 'application/', '+json', '\t<', '{ ']) {
      expectLinear(read, (length) => piece.repeat(length / piece.length));
      expectLinear(read, (length) => `bytes ${piece.repeat(length / piece.length)}`);
    }
  });
});

describe('what is left of a download, of any text', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'));
  const file = join(directory, 'v.mp4');
  afterAll(() => rmSync(directory, { recursive: true }));

  it('should never be gone on with unless it says of what it is a part, in words that can be sent', async () => {
    writeFileSync(`${file}.part`, 'x'.repeat(100));
    const good = nearly(['"v1"', 'Sun, 06 Nov 1994 08:49:37 GMT']).map((validator) => ({ url, validator, bytes: 300 }));
    const text = fc.oneof(altered(good), mangled(good.map((it) => JSON.stringify(it))), wildJson);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        writeFileSync(`${file}.part.json`, content);
        const left = await Part.find(file, url);
        if (left === undefined) return;
        found += 1;
        expectUnpolluted(left);
        expectCount(left.bytes);
        expect(left).toMatchObject({ url, partBytes: 100 });
        expect(outcomeOf(() => new Headers(headersFor(left)))).not.toHaveProperty('error');
      }),
      runs(200),
    );
    expect(found).toBeGreaterThan(5);
  });
});
