import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedStates } from '../../operators/sse/index.js';
import { OptionsError } from '../../src/errors.js';
import { encodeFrame, type Frame } from '../../src/sse/frame.js';
import { runs } from '../runs.js';
import { expectLinear, outcomeOf } from './expectations.js';
import { mangled } from './mangled.js';

const good = fc.constantFrom('1', 'a-7', 'state', 'end', 'data: x', '{"a":1}', 'line\nline', 'retry: 5', ': comment');
const text = mangled(
  good,
  '\n\n',
  '\n\ndata: injected\n\n',
  '\r\nevent: end',
  '\rid: 9',
  '\u0085',
  '\v',
  '\f',
  '\u2029',
);
const frame = fc.record({ id: text, event: text, data: text }, { requiredKeys: ['data'] });

interface Arrived {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** What a client makes of it, whose every read ends somewhere in the bytes. */
function arrivedOf(stream: string, cuts: readonly number[]): { readonly events: Arrived[]; readonly others: string[] } {
  const events: Arrived[] = [];
  const others: string[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, event, data }),
    onRetry: (ms) => others.push(`retry ${ms}`),
    onComment: (comment) => others.push(`comment ${comment}`),
    onError: ({ message }) => others.push(message),
  });
  const bytes = new TextEncoder().encode(stream);
  const decoder = new TextDecoder();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((one, other) => one - other);
  ends.forEach((end, i) => parser.feed(decoder.decode(bytes.subarray(ends[i - 1] ?? 0, end), { stream: true })));
  return { events, others };
}

/** As the format carries it: half a character is none, and any line break is one. */
function carried({ id, event, data }: Frame): Arrived {
  const whole = (it: string): string =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(it));
  return {
    id: id === undefined ? undefined : whole(id),
    event: event === undefined || event === '' ? undefined : whole(event),
    data: whole(data.replace(/\r\n?/g, '\n')),
  };
}

describe('an event, of any text', () => {
  it('should never become another, or more than one, whatever is in it', () => {
    let sent = 0;
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 5 }), (frames, cuts) => {
        const outcome = outcomeOf(() => frames.map(encodeFrame).join(''));
        const cannotBe = frames.some(({ id = '', event = '' }) => /[\r\n]/.test(id + event) || id.includes('\0'));
        expect('error' in outcome).toBe(cannotBe);
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(OptionsError);
          expect((outcome.error as OptionsError).message).not.toMatch(/[\r\n\0]/);
          return;
        }
        sent += frames.length;
        // As every stream of ours begins: a byte order mark would be taken off an event that came first.
        expect(arrivedOf(`:\n\n${outcome.value}`, cuts)).toEqual({ events: frames.map(carried), others: ['comment '] });
      }),
      runs(500),
    );
    expect(sent).toBeGreaterThan(100);
  });

  it('should never take longer to write than it is long', () => {
    for (const piece of ['\n', '\r', '\r\n', ' ', 'a\n', ':']) {
      expectLinear(
        (data) => encodeFrame({ data }),
        (length) => piece.repeat(length / piece.length),
      );
    }
  });
});

describe('the id of a client that comes back, of any text', () => {
  it('should always lead to all that is so, whatever the client says it has', () => {
    const id = mangled(
      fc.constantFrom('epoch-1', 'epoch-3', 'epoch-0', 'epoch-99', 'other-2', 'end', ''),
      '-',
      '1e9',
      'Infinity',
    );
    fc.assert(
      fc.property(id, (lastEventId) => {
        const states = keyedStates<number>({ epoch: 'epoch' });
        for (const [key, value] of [
          ['a', 1],
          ['b', 2],
          ['a', 3],
        ] as const)
          states.set(key, value);
        const told: string[] = [];
        states.since(lastEventId).subscribe(({ event = '', data }) => told.push(`${event} ${JSON.stringify(data)}`));
        const all = ['state 2', 'state 3'];
        // Nothing is left out but what came before a number that this epoch has given.
        const [, number = ''] = /^epoch-([0-3])$/.exec(lastEventId) ?? [];
        const known = { 0: all, 1: all, 2: all.slice(1), 3: [] }[number];
        expect(told).toEqual(known ?? (lastEventId === '' ? told : ['reset null', ...all]));
      }),
      runs(200),
    );
  });
});
