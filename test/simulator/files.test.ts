import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FileAnswer, FileRequest } from '../../src/simulator/fileAnswer.js';
import { readRange } from '../../src/simulator/fileRange.js';
import { contentOf } from '../../src/simulator/files.js';
import { asking, create, newCreate, type Asked } from './asking.js';

const video = '/files/800000000000000001.mp4';

/** The boxes of an MP4, or the chunks of a PNG: its type, and what is in it. */
type Piece = readonly [type: string, content: Buffer];

function boxesOf(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  const buffer = Buffer.from(bytes);
  for (let at = 0; at < buffer.length; at += buffer.readUInt32BE(at)) {
    pieces.push([buffer.toString('latin1', at + 4, at + 8), buffer.subarray(at + 8, at + buffer.readUInt32BE(at))]);
  }
  return pieces;
}

function chunksOf(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  const buffer = Buffer.from(bytes);
  for (let at = 8; at < buffer.length; at += 12 + buffer.readUInt32BE(at)) {
    const end = at + 8 + buffer.readUInt32BE(at);
    expect(buffer.readUInt32BE(end)).toBe(crc32(buffer.subarray(at + 4, end)));
    pieces.push([buffer.toString('latin1', at + 4, at + 8), buffer.subarray(at + 8, end)]);
  }
  return pieces;
}

function fetched({ model }: Asked, target = video, more: Partial<FileRequest> = {}, nowMs = 10_000): FileAnswer {
  const answer = model.file({ method: 'GET', target, ...more }, nowMs, Math.random);
  if (answer === undefined) throw new Error(`${target} is no file`);
  return answer;
}

describe('what is in the files', () => {
  it('a video is an MP4 whose boxes end where it ends: it streams, and one of them is skipped', () => {
    const { bytes } = contentOf('1.mp4', true);
    const boxes = boxesOf(bytes);
    expect(boxes.map(([type]) => type)).toEqual(['ftyp', 'moov', 'free', 'mdat', 'free']);
    expect(bytes.length).toBe(48_000);
    expect(boxes.at(-1)?.[1].toString('latin1')).toMatch(/^1\.mp4 1\n1\.mp4 2\n/);
  });

  it('an image is a PNG of 64 x 64 RGB pixels, with sums that are right', () => {
    const { bytes } = contentOf('1-0.png', false);
    expect([...bytes.subarray(0, 8)]).toEqual([...Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')]);
    const chunks = new Map(chunksOf(bytes));
    expect([...chunks.keys()]).toEqual(['IHDR', 'tEXt', 'IDAT', 'IEND']);
    const head = chunks.get('IHDR');
    expect([head?.readUInt32BE(0), head?.readUInt32BE(4), ...(head?.subarray(8) ?? [])]).toEqual([
      64, 64, 8, 2, 0, 0, 0,
    ]);
    expect(inflateSync(chunks.get('IDAT') ?? '').length).toBe(64 * (1 + 3 * 64));
  });

  it('is the same each time, and another for each name', () => {
    for (const [one, other, isVideo] of [
      ['1.mp4', '2.mp4', true],
      ['1-0.png', '1-1.png', false],
    ] as const) {
      expect(contentOf(one, isVideo)).toEqual(contentOf(one, isVideo));
      expect(contentOf(one, isVideo)).not.toEqual(contentOf(other, isVideo));
    }
  });
});

describe('the range of a request', () => {
  it.each([
    [undefined, 'whole'],
    ['', 'whole'],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=2-5', { first: 2, last: 5 }],
    ['bytes=2-', { first: 2, last: 9 }],
    ['bytes=2-99', { first: 2, last: 9 }],
    ['bytes=9-', { first: 9, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-99', { first: 0, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-20', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=a-b', 'whole'],
  ])('%s of 10 bytes is %j', (header, range) => {
    expect(readRange(header, 10)).toEqual(range);
  });
});

describe('the files of results', () => {
  it('are there from the end of a task until they expire, and no others', () => {
    const asked = asking({ filesExpireMs: 5_000 });
    asked.ask(create());
    const statuses = [0, 9_999, 10_000, 14_999, 15_000].map((nowMs) => fetched(asked, video, {}, nowMs).status);
    expect(statuses).toEqual([404, 404, 200, 200, 404]);
    expect(asking().model.file({ method: 'GET', target: '/files/a.txt' }, 0, Math.random)).toBeUndefined();
    expect(asking().model.file({ method: 'POST', target: video }, 0, Math.random)).toBeUndefined();
  });

  it('are those that the results name: a video, or each of the images; nothing of a task that failed', () => {
    const asked = asking();
    asked.ask(newCreate());
    asked.ask(create({ n: 2 }, 'images/generations'));
    asked.ask(create({ prompt: '[fail]' }));
    const names = [
      '1.mp4',
      '1.png',
      '1-0.png',
      '1-0.mp4',
      '2-0.png',
      '2-1.png',
      '2-2.png',
      '2.mp4',
      '2.png',
      '3.mp4',
      'x.mp4',
    ];
    const found = names.filter((name) => fetched(asked, `/files/80000000000000000${name}`).status === 200);
    expect(found).toEqual(['1.mp4', '2-0.png', '2-1.png']);
  });

  it('come whole, with what a download needs to go on later', () => {
    const asked = asking();
    asked.ask(create());
    const { status, headers, body } = fetched(asked);
    expect([status, headers]).toEqual([
      200,
      {
        'content-type': 'video/mp4',
        'content-length': '48000',
        'accept-ranges': 'bytes',
        etag: '"800000000000000001.mp4"',
      },
    ]);
    expect(body.length).toBe(48_000);
  });

  it('come in parts that make up the whole', () => {
    const asked = asking();
    asked.ask(create());
    const whole = fetched(asked).body;
    const parts = ['bytes=0-9999', 'bytes=10000-47998', 'bytes=47999-'].map((range) =>
      fetched(asked, video, { range }),
    );
    expect(parts.map(({ status, headers }) => [status, headers['content-range'], headers['content-length']])).toEqual([
      [206, 'bytes 0-9999/48000', '10000'],
      [206, 'bytes 10000-47998/48000', '37999'],
      [206, 'bytes 47999-47999/48000', '1'],
    ]);
    expect(Buffer.concat(parts.map(({ body }) => body)).equals(whole)).toBe(true);
  });

  it('go on only in the state they were in, and end where they end', () => {
    const asked = asking();
    asked.ask(create());
    const going = (more: Partial<FileRequest>): number => fetched(asked, video, { range: 'bytes=5-', ...more }).status;
    expect([going({ ifRange: '"800000000000000001.mp4"' }), going({ ifRange: '"another"' })]).toEqual([206, 200]);
    const beyond = fetched(asked, video, { range: 'bytes=48000-' });
    expect([beyond.status, beyond.headers['content-range'], beyond.body.length]).toEqual([416, 'bytes */48000', 0]);
  });

  it('tell their length after a HEAD, without a body', () => {
    const asked = asking();
    asked.ask(create());
    const { status, headers, body } = fetched(asked, video, { method: 'HEAD', range: 'bytes=5-' });
    expect([status, headers['content-length'], body.length]).toEqual([200, '48000', 0]);
    expect(fetched(asked, '/files/1.mp4', { method: 'HEAD' })).toMatchObject({ status: 404, body: new Uint8Array() });
  });

  it('are cut off or slow where a fault says so; only downloads are occasions', () => {
    const asked = asking({ faults: { fileReset: { at: [2] }, fileSlow: { at: [3] } } });
    asked.ask(create());
    fetched(asked, video, { method: 'HEAD' });
    const fates = [{}, { range: 'bytes=5-' }, {}, {}].map((more) => {
      const { isCutOff, isSlow } = fetched(asked, video, more);
      return [isCutOff, isSlow];
    });
    expect(fates).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [false, false],
    ]);
    expect(asked.model.books(10_000).faults).toEqual({ fileReset: 1, fileSlow: 1 });
  });

  it('are counted apart from the API, and are under no rate', () => {
    const asked = asking({ requests: 1 });
    asked.ask(create());
    fetched(asked);
    fetched(asked, video, { range: 'bytes=5-' });
    fetched(asked, video, { range: 'bytes=99999-' });
    fetched(asked, '/files/1.mp4');
    expect(asked.model.books(10_000)).toMatchObject({
      files: { requests: 4, partial: 1, refused: 2 },
      requests: { total: 1 },
      refused: {},
    });
  });
});
