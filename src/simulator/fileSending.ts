import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.js';
import type { FileAnswer } from './fileAnswer.js';

const parts = 10;
const partMs = 1_000;

/** Writes a file's answer; a slow one on `clock`, until it is done or nobody reads it any more. */
export function sendFile(response: ServerResponse, answer: FileAnswer, clock: Clock): void {
  const { status, headers, body, isCutOff, isSlow } = answer;
  const sent = isCutOff ? body.subarray(0, body.length >> 1) : body;
  response.writeHead(status, headers);
  if (isSlow) sendSlowly(0);
  else last(sent);

  function sendSlowly(part: number): void {
    const bytes = sent.subarray(startOf(part), startOf(part + 1));
    if (part === parts - 1) {
      last(bytes);
      return;
    }
    response.write(bytes);
    const cancel = clock.schedule(partMs, () => {
      response.off('close', cancel);
      sendSlowly(part + 1);
    });
    response.once('close', cancel);
  }

  function startOf(part: number): number {
    return Math.floor((part * sent.length) / parts);
  }

  /** What was written arrives before the connection goes. */
  function last(bytes: Uint8Array): void {
    if (isCutOff) response.write(bytes, () => response.socket?.destroy());
    else response.end(bytes);
  }
}
