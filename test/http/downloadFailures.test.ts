import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { classifyDownload } from '../../src/http/classifyDownload.js';
import { downloadBench, failureOf, serving, video } from './downloadBench.js';
import { hang, reset, status } from './loopback.js';

const content = video(100_000);

it('a download should end no process where its connection is closed after the last byte', async () => {
  const headers = { 'content-length': content.length, connection: 'close' };
  const bench = await downloadBench((response) => response.writeHead(200, headers).end(content));
  for (let count = 0; count < 10; count += 1) {
    expect(await bench.fetch({ overwrite: true })).toEqual({ bytes: content.length, resumed: false });
  }
});

it('a download should end no process where the end of its connection is that of the file', async () => {
  const bench = await downloadBench((response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { connection: 'close' }).end(content);
  });
  for (let count = 0; count < 10; count += 1) {
    expect(await bench.fetch({ overwrite: true })).toEqual({ bytes: content.length, resumed: false });
  }
});

it('a download should end no process where its connection, which is not to be kept, is closed too early', async () => {
  const headers = { 'content-length': 2 * content.length, connection: 'close' };
  const bench = await downloadBench((response, request) => {
    response.writeHead(200, headers).write(content);
    request.socket.end();
  });
  for (let count = 0; count < 10; count += 1) {
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'incomplete' });
  }
});

describe('a download that fails', () => {
  it.each([
    { code: 403, kind: 'gone', meaning: { meaning: 'invalid' } },
    { code: 404, kind: 'gone', meaning: { meaning: 'invalid' } },
    { code: 410, kind: 'gone', meaning: { meaning: 'invalid' } },
    { code: 401, kind: 'refused', meaning: { meaning: 'invalid' } },
    { code: 416, kind: 'refused', meaning: { meaning: 'invalid' } },
    { code: 206, kind: 'refused', meaning: { meaning: 'invalid' } },
    { code: 304, kind: 'refused', meaning: { meaning: 'invalid' } },
    { code: 408, kind: 'refused', meaning: { meaning: 'transient', baseMs: 2_000 } },
    { code: 425, kind: 'refused', meaning: { meaning: 'transient', baseMs: 2_000 } },
    { code: 429, kind: 'refused', meaning: { meaning: 'too-fast', baseMs: 1_000 } },
    { code: 500, kind: 'refused', meaning: { meaning: 'transient', baseMs: 2_000 } },
    { code: 503, kind: 'refused', meaning: { meaning: 'transient', baseMs: 2_000 } },
  ])('should be $kind for HTTP $code', async ({ code, kind, meaning }) => {
    const bench = await downloadBench(status(code));
    const error = await failureOf(bench.fetch());
    expect(error).toMatchObject({ code: 'SLUICE_DOWNLOAD', kind, status: code, url: bench.url });
    expect(classifyDownload(error)).toEqual(meaning);
    expect(error.message.includes('30 days')).toBe(kind === 'gone');
    expect(await bench.files()).toEqual([]);
  });

  it.each([429, 503])('should say how long HTTP %i asked to wait', async (code) => {
    const bench = await downloadBench(status(code, { 'retry-after': '7' }));
    const error = await failureOf(bench.fetch());
    expect(error.retryAfterMs).toBe(7_000);
    expect(classifyDownload(error).hintMs).toBe(7_000);
  });

  it('should be transient where the connection fails', async () => {
    const bench = await downloadBench(reset);
    const error = await failureOf(bench.fetch());
    expect(error).toMatchObject({ kind: 'incomplete', status: undefined });
    expect(classifyDownload(error)).toEqual({ meaning: 'transient' });
    await bench.server.stop();
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'incomplete' });
  });

  it.each(['/v.mp4', 'ftp://127.0.0.1/v.mp4', 'http://['])(
    'should be refused where it leads to %s',
    async (location) => {
      const bench = await downloadBench(status(302, { location }));
      const error = await failureOf(bench.fetch());
      expect(error).toMatchObject({ kind: 'refused', status: undefined });
      expect(error.message).toContain('it leads in a circle or to no http address');
      expect(classifyDownload(error)).toEqual({ meaning: 'invalid' });
    },
  );

  it('should be transient where an answer is no HTTP', async () => {
    const server = createServer((socket) => socket.resume().end('nonsense\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const bench = await downloadBench(hang);
    const { port } = server.address() as { readonly port: number };
    const error = await failureOf(bench.fetch({ url: `http://127.0.0.1:${port}/` }));
    expect(error).toMatchObject({ kind: 'incomplete' });
  });

  it('should be an error for a file of nothing', async () => {
    const bench = await downloadBench(serving(Buffer.alloc(0)));
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'incomplete', status: 200 });
    bench.reply = serving(content);
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
  });

  it('should end at what it may be long, and not begin where more is announced', async () => {
    const bench = await downloadBench(serving(content));
    const error = await failureOf(bench.fetch({ maxBytes: content.length - 1 }));
    expect(error.kind).toBe('too-large');
    expect(classifyDownload(error)).toEqual({ meaning: 'invalid' });
    expect(await bench.files()).toEqual([]);
    bench.reply = serving(content, { chunked: true });
    expect(await failureOf(bench.fetch({ maxBytes: content.length - 1 }))).toMatchObject({ kind: 'too-large' });
    expect((await bench.saved('v.mp4.part')).length).toBeLessThan(content.length);
    expect((await bench.fetch({ maxBytes: content.length })).bytes).toBe(content.length);
  });

  it('should say what the file system says', async () => {
    const bench = await downloadBench(serving(content));
    const missing = await failureOf(bench.fetch({ file: join(bench.folder, 'none', 'v.mp4') }));
    expect(missing).toMatchObject({ kind: 'not-saved', cause: { code: 'ENOENT' } });
    expect(classifyDownload(missing)).toEqual({ meaning: 'invalid' });
    await mkdir(bench.file);
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'not-saved' });
    expect(await failureOf(bench.fetch({ overwrite: true }))).toMatchObject({ kind: 'not-saved' });
  });

  it('should never show the query of a URL', async () => {
    const bench = await downloadBench(status(403));
    const url = `${bench.url}?sign=secret`;
    const failures = [
      await failureOf(bench.fetch({ url })),
      await bench.fetch({ url, maxBytes: 0 }).catch((error: unknown) => error),
      await bench.fetch({ url: url.replace('http', 'ftp') }).catch((error: unknown) => error),
    ];
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(Error);
      expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain('secret');
    }
  });
});
