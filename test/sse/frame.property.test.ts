import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../src/sse/frame.js';
import { runs } from '../runs.js';
import { parseEventStream, type Parsed } from './parseEventStream.js';

const nasty = fc.constantFrom(
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  ':',
  ' ',
  'data:',
  'id: 1',
  'event: end',
  '\0',
  '\uFEFF',
  '</',
);
const text = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { maxLength: 8 }).map((parts) => parts.join(''));
const line = text.map((it) => it.replace(/[\r\n\0]/g, ''));
const frame = fc.record({ id: line, event: line, data: text });

/** As it may have been cut on its way. */
const cuts = fc.array(fc.nat(), { maxLength: 6 });

it('should always arrive as it was sent, its line breaks as line feeds', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), (frames) => {
      const read = parseEventStream(frames.map(encodeFrame).join(''));
      expect(read).toEqual(frames.map(arriving));
    }),
    runs(500),
  );
});

it('should always be read by the parser of the package eventsource, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), cuts, (frames, at) => {
      const read: unknown[] = [];
      const parser = createParser({
        onEvent: ({ id = '', event = 'message', data }) => read.push({ id, event, data }),
      });
      // As every stream of ours: a byte order mark would be taken off its beginning.
      const whole = `retry: 1\n\n${frames.map(encodeFrame).join('')}`;
      for (const part of parted(whole, at)) parser.feed(part);
      expect(read).toEqual(frames.map(arriving));
    }),
    runs(500),
  );
});

function arriving({ id, event, data }: Parsed): Parsed {
  return { id, event: event === '' ? 'message' : event, data: data.replace(/\r\n|\r/g, '\n') };
}

function parted(whole: string, at: readonly number[]): readonly string[] {
  const ends = [...at.map((end) => end % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return ends.map((end, i) => whole.slice(ends[i - 1] ?? 0, end));
}
