import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { onTestFinished } from 'vitest';
import { DownloadError } from '../../src/errors.js';
import { download } from '../../src/http/download.js';
import type { DownloadOptions } from '../../src/http/downloading/downloadOptions.js';
import type { Downloaded } from '../../src/http/downloading/transfer.js';
import { Loopback, status, type Reply } from './loopback.js';

/** Bytes that begin as a video does, and differ by `seed` everywhere else. */
export function video(bytes: number, seed = 1): Buffer {
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) content[i] = (i * 31 + (i >> 8) * 7 + seed * 101) % 251;
  content.write('\0\0\0\x20ftypisom', 'latin1');
  return content;
}

export interface Serving {
  readonly etag?: string;
  readonly lastModified?: string;
  /** When it answers. */
  readonly date?: string;
  /** Without `content-length`. */
  readonly chunked?: boolean;
  readonly type?: string;
  /** Heeds `Range` whatever `If-Range` says. */
  readonly ignoresIfRange?: boolean;
}

/** A file, as a server has it that does all it should. */
export function serving(content: Uint8Array, options: Serving = {}): Reply {
  const { etag, lastModified, date, chunked = false, type = 'video/mp4', ignoresIfRange = false } = options;
  return (response, request) => {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const ifRange = request.headers['if-range'];
    const isSame = ignoresIfRange || ifRange === undefined || ifRange === etag || ifRange === lastModified;
    const start = from !== undefined && isSame ? Number(from) : undefined;
    const headers: OutgoingHttpHeaders = {
      'content-type': type,
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { 'last-modified': lastModified }),
      ...(date !== undefined && { date }),
    };
    if (start !== undefined && start >= content.length) {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start ?? 0);
    if (!chunked) headers['content-length'] = body.length;
    if (start !== undefined) headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(start === undefined ? 200 : 206, headers);
    response.end(body);
  };
}

export interface DownloadBench {
  readonly folder: string;
  readonly file: string;
  readonly url: string;
  /** Headers of the requests, in their order. */
  readonly asked: Readonly<Record<string, unknown>>[];
  readonly server: Loopback;
  reply: Reply;
  fetch(options?: Partial<DownloadOptions>): Promise<Downloaded>;
  /** As `serving`, until the client has saved the bytes before `at`; then the connection is gone. */
  cutting(content: Uint8Array, at: number, options?: Serving): Reply;
  /** Waits until there is a part, if an empty one. */
  began(): Promise<void>;
  /** Waits until so many bytes have come into the part. */
  came(bytes: number): Promise<void>;
  /** What there is in the folder, in the order of the names. */
  files(): Promise<readonly string[]>;
  saved(name?: string): Promise<Buffer>;
  /** Whether the file is `content`; quicker than an `expect` of so many bytes. */
  holds(content: Uint8Array, name?: string): Promise<boolean>;
}

/** A server with one file, and an empty folder to save it in; both are gone after the test. */
export async function downloadBench(reply: Reply = status(404)): Promise<DownloadBench> {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const answer: Reply = (response, request, arrival) => {
    asked.push(request.headers);
    bench.reply(response, request, arrival);
  };
  const server = await Loopback.start({ '/v.mp4': answer, '/v.mp4?sign=secret': answer, '/other.mp4': answer });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  onTestFinished(() => server.stop());
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const file = join(folder, 'v.mp4');
  const url = `${server.url}/v.mp4`;
  const came = async (bytes: number): Promise<void> => {
    while (((await stat(`${file}.part`).catch(() => undefined))?.size ?? -1) < bytes) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const bench: DownloadBench = {
    folder,
    file,
    url,
    asked,
    server,
    reply,
    came,
    began: () => came(0),
    fetch: (options) => download({ url, file, dispatcher, ...options }),
    cutting: (content, at, options) => (response, request, arrival) => {
      const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
      response.end = ((body: Uint8Array) => {
        write(body.subarray(0, body.length - content.length + at));
        void came(at).then(() => request.socket.destroy());
      }) as typeof response.end;
      serving(content, options)(response, request, arrival);
    },
    files: async () => (await readdir(folder)).sort(),
    saved: (name = 'v.mp4') => readFile(join(folder, name)),
    holds: async (content, name) => (await bench.saved(name)).equals(content),
  };
  return bench;
}

/** The error of a download that has to fail. */
export async function failureOf(downloading: Promise<unknown>): Promise<DownloadError> {
  const error: unknown = await downloading.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof DownloadError) return error;
  throw error;
}
