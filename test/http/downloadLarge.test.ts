import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { downloadBench, video } from './downloadBench.js';

const pieceBytes = 64 * 1_024;
const pieces = 320;

it('should keep no more than a few pieces of 20 MB in memory', async () => {
  const bench = await downloadBench();
  const piece = video(pieceBytes);
  const heldBefore = heldBytes();
  let held = Infinity;
  bench.reply = (response) => {
    response.writeHead(200, { 'content-length': pieces * pieceBytes });
    const send = (left: number): void => {
      if (left > 1) return void response.write(piece, () => send(left - 1));
      // All but the last piece is on disk by now, and the download goes on.
      void bench.came((pieces - 1) * pieceBytes).then(() => {
        held = heldBytes() - heldBefore;
        response.end(piece);
      });
    };
    send(pieces);
  };

  const { bytes } = await bench.fetch();

  expect(bytes).toBe(pieces * pieceBytes);
  expect(held).toBeLessThan(20 * pieceBytes);
});

/** What buffers hold that are still in use. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  // Only then has the first swept up.
  gc();
  return process.memoryUsage().arrayBuffers;
}
