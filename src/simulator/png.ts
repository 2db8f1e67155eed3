import { crc32, deflateSync } from 'node:zlib';
import { seededRandom } from './seededRandom.js';

const side = 64;
const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A small picture as a PNG: a colour of its own that fades, and `title` in its text. */
export function pngOf(title: string): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  // 8 bits a channel, RGB.
  head.set([8, 2], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('tEXt', Buffer.from(`Title\0${title}`, 'latin1')),
    chunk('IDAT', deflateSync(rows(title))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function rows(title: string): Buffer {
  const random = seededRandom(crc32(title));
  const colour = [random(), random(), random()];
  const rowLength = 1 + 3 * side;
  const pixels = Buffer.alloc(side * rowLength);
  for (let y = 0; y < side; y += 1) {
    // The byte before each row stays 0: no filter.
    for (let x = 0; x < side; x += 1) {
      const light = 255 - 2 * Math.abs(x - y);
      pixels.set(
        colour.map((share) => Math.round(share * light)),
        y * rowLength + 1 + 3 * x,
      );
    }
  }
  return pixels;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + named.length);
  frame.writeUInt32BE(data.length, 0);
  frame.set(named, 4);
  frame.writeUInt32BE(crc32(named), 4 + named.length);
  return frame;
}
