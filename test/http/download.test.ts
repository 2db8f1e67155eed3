import { readdirSync, readlinkSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockAgent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { classifyDownload } from '../../src/http/classifyDownload.js';
import { download } from '../../src/http/download.js';
import { downloadBench, failureOf, serving, video } from './downloadBench.js';
import { inTurn, status, type Reply } from './loopback.js';
import { NewerAgent } from './newerAgent.js';

const content = video(100_000);

describe('a download', () => {
  it.each([
    ['announced', {}],
    ['of unknown length', { chunked: true }],
  ])('should leave the whole file and nothing else: %s', async (_, options) => {
    const bench = await downloadBench(serving(content, { etag: '"1"', ...options }));
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.files()).toEqual(['v.mp4']);
    expect(await bench.holds(content)).toBe(true);
  });

  it('should take a URL as an object, and be without a dispatcher of yours', async () => {
    const bench = await downloadBench(serving(content));
    const { bytes } = await download({ url: new URL(bench.url), file: bench.file });
    expect(bytes).toBe(content.length);
  });

  it('should send no credentials, and want no encoding', async () => {
    const bench = await downloadBench(serving(content));
    await bench.fetch();
    expect(bench.asked).toEqual([
      { host: new URL(bench.url).host, connection: 'keep-alive', accept: '*/*', 'accept-encoding': 'identity' },
    ]);
  });

  it('should ask for nothing where the file is there', async () => {
    const bench = await downloadBench(serving(content));
    await bench.fetch();
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(bench.asked).toHaveLength(1);
  });

  it('should leave the old file where it is until a new one is whole', async () => {
    const newer = video(50_000, 2);
    const bench = await downloadBench(serving(content));
    await bench.fetch();
    bench.reply = inTurn(bench.cutting(newer, 10_000, { etag: '"2"' }), serving(newer, { etag: '"2"' }));
    await failureOf(bench.fetch({ overwrite: true }));
    expect(await bench.holds(content)).toBe(true);
    expect(await bench.fetch({ overwrite: true })).toEqual({ bytes: newer.length, resumed: true });
    expect(await bench.holds(newer)).toBe(true);
  });

  it('should keep a connection, whatever came over it', async () => {
    const slowly404: Reply = (response) => {
      response.writeHead(404).flushHeaders();
      void turns(20).then(() => response.end('not found'));
    };
    const bench = await downloadBench(inTurn(slowly404, serving(content)));
    await failureOf(bench.fetch());
    await bench.fetch();
    await bench.fetch({ overwrite: true });
    expect(bench.server.connections).toBe(1);
  });

  it.each([
    ['is of no use', 503, {}],
    ['is too long', 200, { 'content-length': 1_000_000_000 }],
  ])('should end the connection of an answer that %s and goes on', async (_, code, headers) => {
    const bench = await downloadBench();
    const closed = new Promise((resolve) => {
      bench.reply = (response) => {
        response.writeHead(code, headers).on('close', resolve);
        const more = (): void => void response.write(Buffer.alloc(65_536), more);
        more();
      };
    });
    expect(await failureOf(bench.fetch({ maxBytes: 1_000 }))).toMatchObject({ status: code === 503 ? 503 : undefined });
    await closed;
  });

  it('should go by the dispatcher that is given', async () => {
    const bench = await downloadBench();
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    dispatcher.get(bench.server.url).intercept({ path: '/v.mp4' }).reply(200, content);
    expect((await bench.fetch({ dispatcher })).bytes).toBe(content.length);
    expect(bench.asked).toEqual([]);
  });

  it('should go by a dispatcher of a newer undici, too', async () => {
    const bench = await downloadBench(serving(content));
    const dispatcher = new NewerAgent();
    onTestFinished(() => dispatcher.destroy());
    expect((await bench.fetch({ dispatcher })).bytes).toBe(content.length);
  });

  it.runIf(process.platform === 'linux')('should hold no file open, whatever became of it', async () => {
    const bench = await downloadBench();
    bench.reply = inTurn(bench.cutting(content, 1_000), serving(content));
    const open = () =>
      readdirSync('/proc/self/fd')
        .map(targetOf)
        .filter((path) => path.startsWith(bench.folder));
    await failureOf(bench.fetch());
    expect(open()).toEqual([]);
    await bench.fetch();
    expect(open()).toEqual([]);
  });

  it.each(['/v.mp4?sign=secret', 'http://localhost:PORT/v.mp4'])('should follow a redirect to %s', async (to) => {
    const bench = await downloadBench((response, request, arrival) => {
      const location = to.replace('PORT', new URL(bench.url).port);
      if (request.url === '/other.mp4') response.writeHead(302, { location }).end();
      else serving(content)(response, request, arrival);
    });
    const { bytes } = await bench.fetch({ url: `${bench.server.url}/other.mp4` });
    expect(bytes).toBe(content.length);
  });

  it.each([
    ['a circle', '/v.mp4'],
    ['another protocol', 'ftp://localhost/v.mp4'],
    ['no URL', 'http://'],
  ])('should follow no redirect to %s', async (_, location) => {
    const bench = await downloadBench(status(302, { location }));
    await failureOf(bench.fetch());
    expect(await bench.files()).toEqual([]);
  });
});

describe('what comes', () => {
  const page = '<!doctype html><title>Gone</title>';

  it.each([
    ['a page', page, 'text/html; charset=utf-8', 'v.bin'],
    ['JSON', '{"code":1}', 'application/json', 'v.bin'],
    ['a problem', '["no"]', 'application/problem+json', 'v.bin'],
    ['a message of a store', '<?xml version="1.0"?><Error/>', 'application/xml', 'v.bin'],
    ['a page that says it is a video', page, 'video/mp4', 'v.bin'],
    ['text that says it is a video', 'no such video', 'Video/MP4', 'v.bin'],
    ['text that is named as one', 'no such video', 'application/octet-stream', 'v.MP4'],
    ['text that is named as an image', 'no such image', '', 'i.webp'],
    ['a page without a type', `\n  ${page}`, '', 'v.bin'],
    ['JSON without a type', ' {"code": 1}', 'application/octet-stream', 'v.bin'],
  ])('should never be saved: %s', async (_, body, type, name) => {
    const bench = await downloadBench(serving(Buffer.from(body), { type, etag: '"1"' }));
    const error = await failureOf(bench.fetch({ file: join(bench.folder, name) }));
    expect(error.kind).toBe('wrong-content');
    expect(classifyDownload(error)).toEqual({ meaning: 'transient' });
    expect(await bench.files()).toEqual([]);
  });

  it.each([
    ['a video', video(100), 'video/mp4', 'v.mp4'],
    ['a video of unknown type', video(100), '', 'v.mp4'],
    ['a PNG', Buffer.from('\x89PNG\r\n\x1a\nmore', 'latin1'), 'image/png', 'i.png'],
    ['a JPEG', Buffer.from('\xff\xd8\xff\xe0more', 'latin1'), 'image/jpeg', 'i.jpg'],
    ['a WebP', Buffer.from('RIFF\x01\x02\x03\x04WEBPVP8 ', 'latin1'), 'image/webp', 'i.webp'],
    ['a WebP that is named as a PNG', Buffer.from('RIFF\x01\x02\x03\x04WEBPVP8 ', 'latin1'), 'image/webp', 'i.png'],
    ['what nobody knows', Buffer.from('anything'), 'application/octet-stream', 'v.bin'],
    ['what nobody knows in braces', Buffer.from('{\\rtf1'), 'application/rtf', 'v.rtf'],
  ])('should be saved: %s', async (_, body, type, name) => {
    const bench = await downloadBench(serving(body, { type }));
    await bench.fetch({ file: join(bench.folder, name) });
    expect(await bench.holds(body, name)).toBe(true);
  });

  it.each(['', 'Identity'])('should be saved where its encoding is said to be "%s"', async (encoding) => {
    const bench = await downloadBench((response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(content),
    );
    expect((await bench.fetch()).bytes).toBe(content.length);
  });

  it('should be refused where it is encoded all the same', async () => {
    const bench = await downloadBench(status(200, { 'content-encoding': 'gzip' }));
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'wrong-content', status: 200 });
  });

  it('should not cost a part where it is a page', async () => {
    const bench = await downloadBench();
    bench.reply = inTurn(
      bench.cutting(content, 40_000, { etag: '"1"' }),
      status(200, { 'content-type': 'text/html' }),
      status(503),
      serving(content, { etag: '"1"' }),
    );
    for (const kind of ['incomplete', 'wrong-content', 'refused']) {
      expect(await failureOf(bench.fetch())).toMatchObject({ kind });
    }
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: true });
  });
});

describe('two downloads to one file', () => {
  it('should be one in a process: the second is refused while the first goes on', async () => {
    const bench = await downloadBench(serving(content));
    const first = bench.fetch();
    const second = await failureOf(bench.fetch());
    expect(second.kind).toBe('busy');
    expect(classifyDownload(second)).toEqual({ meaning: 'transient' });
    expect((await first).bytes).toBe(content.length);
    expect((await bench.fetch()).bytes).toBe(content.length);
    expect(bench.asked).toHaveLength(1);
  });

  it.each([
    ['has begun another part', (part: string) => replace(part, Buffer.alloc(content.length))],
    ['was faster', (part: string) => replace(part, undefined)],
  ])('should end with one that fails where another process %s', async (_, interfere) => {
    const bench = await downloadBench((response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"1"' });
      response.write(content.subarray(0, 1_000));
      void bench
        .came(1_000)
        .then(() => interfere(`${bench.file}.part`))
        .then(() => response.end(content.subarray(1_000)));
    });
    expect(await failureOf(bench.fetch())).toMatchObject({ kind: 'busy' });
    expect(await bench.files()).not.toContain('v.mp4');
  });
});

describe('the options of download', () => {
  it.each([
    [{ url: 'v.mp4' }, 'url'],
    [{ url: 'ftp://localhost/v.mp4' }, 'url'],
    [{ url: 'http://me:password@localhost/v.mp4' }, 'url'],
    [{ url: 5 }, 'url'],
    [{ file: '' }, 'file'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ dispatcher: {} }, 'dispatcher'],
    [{ signal: {} }, 'signal'],
    [{ retries: 3 }, ''],
  ])('refuse %o', async (options, path) => {
    const error: unknown = await download({
      url: 'http://localhost/v.mp4',
      file: 'v.mp4',
      ...(options as object),
    }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ path });
    expect(classifyDownload(error)).toEqual({ meaning: 'invalid' });
  });

  it.each(['v.mp4', 5, undefined])('say of %o what a URL must be', async (url) => {
    const failed = download({ url: url as string, file: 'v.mp4' });
    await expect(failed).rejects.toThrow('download: url: must be an http or https URL without user and password');
  });
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a descriptor is of; the one that listed them is gone by now. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`, 'utf8');
  } catch {
    return '';
  }
}

async function replace(path: string, bytes: Uint8Array | undefined): Promise<void> {
  // The old one stays open, and under another name, so that its number is not given to the new one.
  await rename(path, `${path}.old`);
  if (bytes !== undefined) await writeFile(path, bytes);
}
