import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { downloadBench, failureOf, serving, video, type DownloadBench, type Serving } from './downloadBench.js';
import { inTurn, type Reply } from './loopback.js';

const content = video(300_000);
const newer = video(200_000, 2);
const etag = '"1"';
const sunday = 'Sun, 01 Nov 2026 00:00:00 GMT';

/** A download that the server cut at `at`, so that a part is left. */
async function cutAt(at: number, options: Serving = { etag }): Promise<DownloadBench> {
  const bench = await downloadBench();
  bench.reply = bench.cutting(content, at, options);
  expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'incomplete', status: 200 });
  expect(await bench.files()).not.toContain('v.mp4');
  bench.asked.length = 0;
  return bench;
}

describe('a download that was cut', () => {
  it.each([1, 100_000, 299_999])('should go on behind its first %i bytes', async (at) => {
    const bench = await cutAt(at);
    bench.reply = serving(content, { etag });
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked).toMatchObject([{ range: `bytes=${at}-`, 'if-range': etag }]);
    expect(await bench.holds(content)).toBe(true);
    expect(await bench.files()).toEqual(['v.mp4']);
  });

  it('should go on as often as it is cut', async () => {
    const bench = await cutAt(1_000);
    bench.reply = inTurn(
      bench.cutting(content, 2_000, { etag }),
      bench.cutting(content, 200_000, { etag }),
      serving(content, { etag }),
    );
    expect((await failureOf(bench.fetch())).status).toBe(206);
    expect((await failureOf(bench.fetch())).status).toBe(206);
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked.map(({ range }) => range)).toEqual(['bytes=1000-', 'bytes=2000-', 'bytes=200000-']);
    expect(await bench.holds(content)).toBe(true);
  });

  it('should go on under another signature, but not from another place', async () => {
    const bench = await cutAt(1_000);
    bench.reply = bench.cutting(content, 2_000, { etag });
    await failureOf(bench.fetch({ url: `${bench.url}?sign=secret` }));
    bench.reply = serving(content, { etag });
    await bench.fetch({ url: `${bench.server.url}/other.mp4` });
    expect(bench.asked.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  it('should never write a signature down', async () => {
    const bench = await downloadBench();
    bench.reply = bench.cutting(content, 1_000, { etag });
    await failureOf(bench.fetch({ url: `${bench.url}?sign=secret` }));
    expect(await bench.files()).toEqual(['v.mp4.part', 'v.mp4.part.json']);
    expect((await bench.saved('v.mp4.part.json')).toString()).not.toContain('secret');
  });

  it('should go on by a date that is a second older than the answer', async () => {
    const dates = { lastModified: sunday, date: 'Sun, 01 Nov 2026 00:00:01 GMT' };
    const bench = await cutAt(1_000, dates);
    bench.reply = serving(content, dates);
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked).toMatchObject([{ range: 'bytes=1000-', 'if-range': dates.lastModified }]);
  });

  it('should go on by a date where there is an ETag as well by now', async () => {
    const dates = { lastModified: sunday, date: 'Sun, 01 Nov 2026 00:00:01 GMT' };
    const bench = await cutAt(1_000, dates);
    bench.reply = serving(content, { ...dates, etag });
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
  });

  it.each([
    ['nothing says what it is of', {}],
    ['its ETag is weak', { etag: 'W/"1"' }],
    ['its ETag is none', { etag: '1' }],
    ['its date may change within the second', { lastModified: sunday, date: sunday }],
    ['its date is none', { lastModified: 'yesterday', date: sunday }],
  ])('should start anew where %s', async (_, options) => {
    const bench = await cutAt(1_000, options);
    bench.reply = serving(content, options);
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(bench.asked.map(({ range }) => range)).toEqual([undefined]);
    expect(await bench.holds(content)).toBe(true);
  });

  it('should not take what nothing is known of for what was there before', async () => {
    const bench = await cutAt(1_000);
    bench.reply = bench.cutting(newer, 2_000);
    await failureOf(bench.fetch());
    bench.reply = serving(content, { etag });
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.holds(content)).toBe(true);
  });

  it('should fail where another process has taken its part while it asked', async () => {
    const bench = await cutAt(1_000);
    bench.reply = (...given) => {
      rmSync(`${bench.file}.part`);
      serving(content, { etag })(...given);
    };
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'busy' });
  });

  it('should start anew where the file is another one by now', async () => {
    const bench = await cutAt(100_000);
    bench.reply = serving(newer, { etag: '"2"' });
    expect(await bench.fetch()).toEqual({ bytes: newer.length, resumed: false });
    expect(bench.asked).toHaveLength(1);
    expect(await bench.holds(newer)).toBe(true);
  });

  it.each([
    ['it has another ETag', serving(newer, { etag: '"2"', ignoresIfRange: true })],
    ['it has no ETag any more', serving(newer, { ignoresIfRange: true })],
    ['it is of another length', serving(newer, { etag, ignoresIfRange: true })],
    ['it is shorter than what came', serving(newer.subarray(0, 50_000), { etag, ignoresIfRange: true })],
  ])('should ask again, for all of it, where a server ignores If-Range and %s', async (_, reply) => {
    const bench = await cutAt(100_000);
    bench.reply = reply;
    expect((await bench.fetch()).resumed).toBe(false);
    expect(bench.asked.map(({ range }) => range)).toEqual(['bytes=100000-', undefined]);
    const { length } = await bench.saved();
    expect(await bench.holds(newer.subarray(0, length))).toBe(true);
  });

  it.each([
    'bytes 99999-299999/300000',
    'bytes 100001-299999/300000',
    'bytes 0-299999/300000',
    'bytes */300000',
    'pages 100000-1/2',
    '',
  ])('should ask again, for all of it, where what comes is "%s"', async (range) => {
    const bench = await cutAt(100_000);
    const wrong: Reply = (response) => response.writeHead(206, { 'content-range': range, etag }).end('wrong');
    bench.reply = inTurn(wrong, serving(content, { etag }));
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.holds(content)).toBe(true);
  });

  it.each([200_000, 300_000])(
    'should ask again, for all of it, where up to %i comes and no length is known',
    async (end) => {
      const bench = await cutAt(100_000, { etag, chunked: true });
      const some: Reply = (response) => {
        response.writeHead(206, { 'content-range': `bytes 100000-${end - 1}/*`, etag });
        response.end(content.subarray(100_000, end));
      };
      bench.reply = inTurn(some, serving(content, { etag, chunked: true }));
      expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
      expect(bench.asked.map(({ range }) => range)).toEqual(['bytes=100000-', undefined]);
      expect(await bench.holds(content)).toBe(true);
    },
  );

  it.each([
    { range: 'bytes 100000-199999/300000', chunked: false },
    { range: 'bytes 100000-199999/300000', chunked: true },
    { range: 'bytes 100000-199999/*', chunked: false },
  ])('should not end where less comes than is due, and go on from there: %o', async ({ range, chunked }) => {
    const bench = await cutAt(100_000, { etag, chunked });
    const some: Reply = (response) => {
      response.writeHead(206, { 'content-range': range, etag });
      response.end(content.subarray(100_000, 200_000));
    };
    bench.reply = inTurn(some, serving(content, { etag }));
    const error = await failureOf(bench.fetch());
    expect(error).toMatchObject({ kind: 'incomplete', status: 206 });
    expect(error.message).toContain('200000 bytes came of 300000');
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked.map(({ range }) => range)).toEqual(['bytes=100000-', 'bytes=200000-']);
    expect(await bench.holds(content)).toBe(true);
  });

  it('should start anew after more came than was due', async () => {
    const bench = await cutAt(100_000);
    const more: Reply = (response) => {
      response.writeHead(206, { 'content-range': 'bytes 100000-299999/300000', etag });
      response.end(Buffer.alloc(200_001));
    };
    bench.reply = inTurn(more, serving(content, { etag }));
    await failureOf(bench.fetch());
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.holds(content)).toBe(true);
  });
});

it('should ask again, for all of it, where a server ignores If-Range and only its date and its length would tell', async () => {
  const dates = { lastModified: sunday, date: 'Sun, 01 Nov 2026 00:00:01 GMT' };
  const bench = await cutAt(100_000, { ...dates, chunked: true });
  bench.reply = serving(newer, { ignoresIfRange: true });
  expect(await bench.fetch()).toEqual({ bytes: newer.length, resumed: false });
  expect(await bench.holds(newer)).toBe(true);
});

describe('a download that was cut behind its last byte', () => {
  it('should be whole where the server says that there is no more', async () => {
    const bench = await cutAt(content.length, { etag, chunked: true });
    bench.reply = serving(content, { etag });
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked).toMatchObject([{ range: 'bytes=300000-' }]);
    expect(await bench.holds(content)).toBe(true);
  });

  it('should start anew where the server does not say of what there is no more', async () => {
    const bench = await cutAt(newer.length, { etag, chunked: true });
    bench.reply = serving(newer, { ignoresIfRange: true });
    expect(await bench.fetch()).toEqual({ bytes: newer.length, resumed: false });
    expect(await bench.holds(newer)).toBe(true);
  });

  it('should start anew where the server says that there should be less', async () => {
    const bench = await cutAt(content.length, { etag, chunked: true });
    bench.reply = serving(newer, { etag, ignoresIfRange: true });
    expect(await bench.fetch()).toEqual({ bytes: newer.length, resumed: false });
    expect(await bench.holds(newer)).toBe(true);
  });

  it('should ask for nothing where the length is known', async () => {
    const bench = await cutAt(1_000);
    await writeFile(`${bench.file}.part`, content);
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
    expect(bench.asked).toEqual([]);
    expect(await bench.files()).toEqual(['v.mp4']);
  });

  it.each([0, content.length + 1])('should start anew where %i bytes are left of it', async (bytes) => {
    const bench = await cutAt(1_000);
    await writeFile(`${bench.file}.part`, Buffer.alloc(bytes));
    bench.reply = serving(content, { etag });
    expect((await bench.fetch()).resumed).toBe(false);
    expect(bench.asked.map(({ range }) => range)).toEqual([undefined]);
  });
});

describe('what is left of a crash', () => {
  it.each(['', '{"url":"http', '[]', '{"url":1,"validator":2}'])('should be no harm as %s', async (text) => {
    const bench = await cutAt(1_000);
    await writeFile(`${bench.file}.part.json`, text);
    bench.reply = serving(content, { etag });
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.files()).toEqual(['v.mp4']);
  });
});
