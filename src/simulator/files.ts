import { film } from './film.js';
import { pngOf } from './png.js';

export interface FileContent {
  readonly type: 'video/mp4' | 'image/png';
  readonly bytes: Uint8Array;
}

/** How long each video is, in bytes: enough for a download to be cut off in the middle of. */
const videoLength = 48_000;

/** What the file of that name holds, always the same: a video that plays or a picture, no two alike. */
export function contentOf(name: string, isVideo: boolean): FileContent {
  if (!isVideo) return { type: 'image/png', bytes: pngOf(name) };
  return { type: 'video/mp4', bytes: Buffer.concat([film(), freeBox(name, videoLength - film().length)]) };
}

/** A box that players skip. Each line in it has its number, so that no part of it can stand for another. */
function freeBox(name: string, length: number): Buffer {
  const box = Buffer.alloc(length);
  box.writeUInt32BE(length, 0);
  let at = 4 + box.write('free', 4, 'latin1');
  for (let line = 1; at < length; line += 1) at += box.write(`${name} ${line}\n`, at, 'latin1');
  return box;
}
