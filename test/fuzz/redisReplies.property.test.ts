import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { JournalError } from '../../src/errors.js';
import { Folding } from '../../src/journal/fold.js';
import { parseMessage, parseReply, type Reply } from '../../src/redis/admission/reply.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { decodeFrom } from '../../src/redis/journalEntries.js';
import { askOnce, JournalKeys } from '../../src/redis/journalStep.js';
import { livesOf } from '../journal/entries.js';
import { runs } from '../runs.js';
import { expectCount, expectUnpolluted, outcomeOf } from './expectations.js';
import { altered, mangled, wildJson } from './mangled.js';

const letters = [
  [1, 7, 0, 12.5],
  [2, 0, 0, 'credits', 1.5, 3],
];
const replies = fc.constantFrom<unknown>(
  {
    status: 'ok',
    wallMs: 1,
    epoch: 'e',
    seq: 3,
    nowUs: 4,
    mail: letters,
    wakeMs: -1,
    isOurs: true,
    processes: 2,
    peers: 2,
    usage: [[1, 3, -1]],
    closedMs: 0,
    round: 1,
    reclaimed: [4],
    unsent: '',
  },
  { status: 'recover', wallMs: 1, epoch: 'e', isDone: false },
  { status: 'days', wallMs: 1, zones: ['Asia/Tokyo'] },
  { status: 'differs', wallMs: 1 },
);
const messages = fc.constantFrom<unknown>(
  { to: 'p.1', seq: 1, mail: letters, wakeMs: 5, isOurs: true, asks: false, isRecalled: false },
  { epoch: 'p.1/3' },
);
const entries = livesOf(2).map((entry) => JSON.stringify(entry));
const steps = fc.constantFrom<unknown>(
  ['done', 8, 'run', '{}', '110', 0, [1, 0], entries],
  ['lost', 0, '', '', '', 0, [], []],
);
/** What a client may hand out for what it does not know: an answer of another script, of a proxy, of another version. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc.constantFrom(null, undefined, [], Object.create(null), Buffer.from('{}'), Symbol()),
);

function textOf(good: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.oneof(altered(good), mangled(good.map((it) => JSON.stringify(it))), wildJson);
}

/** What was granted, or given up for good. */
function isLetter(letter: readonly unknown[]): boolean {
  const [number, id, lane, ...rest] = letter;
  const isEnd = id === 0 && rest.length === 3 && typeof rest[0] === 'string' && rest.slice(1).every(Number.isFinite);
  return (
    [number, id, lane].every(Number.isSafeInteger) &&
    (isEnd || (Number(id) > 0 && rest.length === 1 && Number.isFinite(rest[0])))
  );
}

/** Every number in it is finite but one: where nobody is to be woken, `wakeMs` is Infinity. */
function hasFiniteNumbers(read: object): boolean {
  const wakeMs = 'wakeMs' in read && read.wakeMs === Infinity ? 0 : undefined;
  return numbersIn({ ...read, ...(wakeMs !== undefined && { wakeMs }) }).every(Number.isFinite);
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** As the script writes it. */
function written(reply: Reply): string {
  return JSON.stringify(reply, (_, it: unknown) => (it === Infinity ? -1 : it));
}

describe('a reply of Redis, whatever it is', () => {
  it('should never be anything but one of the script’s, or a ZodError', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(textOf(replies), odd), (reply) => {
        const outcome = outcomeOf(() => parseReply(reply));
        expectUnpolluted(outcome);
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(ZodError);
          return;
        }
        read += 1;
        expect(hasFiniteNumbers(outcome.value)).toBe(true);
        if (outcome.value.status === 'ok') expect(outcome.value.mail.every(isLetter)).toBe(true);
        const told = written(outcome.value);
        expect(written(parseReply(told))).toBe(told);
      }),
      runs(400),
    );
    expect(read).toBeGreaterThan(5);
  });

  it('should never be a message unless it is one of ours', () => {
    let read = 0;
    fc.assert(
      fc.property(textOf(messages), (text) => {
        const message = parseMessage(text);
        expectUnpolluted(message);
        if (message === undefined) return;
        read += 1;
        expect(hasFiniteNumbers(message)).toBe(true);
        if ('epoch' in message) {
          expect(typeof message.epoch).toBe('string');
          return;
        }
        expect(typeof message.to).toBe('string');
        expect(message.mail.every(isLetter)).toBe(true);
      }),
      runs(400),
    );
    expect(read).toBeGreaterThan(5);
  });

  it('should never be a step of a journal but in its very shape, with entries that can be read or a JournalError', async () => {
    const keys = new JournalKeys('fuzz');
    const place = { worker: 'w', ttlMs: 1, run: '', read: 0, digest: '', known: 0 };
    const asked = { write: [], release: [], claim: [], watch: [] };
    const given = fc.oneof(
      textOf(steps).map((text) => outcomeOf((): unknown => JSON.parse(text))),
      odd.map((value) => ({ value })),
    );
    let read = 0;
    await fc.assert(
      fc.asyncProperty(given, async (outcome) => {
        if ('error' in outcome) return;
        const answer: unknown = await askOnce(clientWith(outcome.value), keys, 1, place, asked).catch(
          (it: unknown) => it,
        );
        if (answer instanceof Error) {
          expect(answer).toBeInstanceOf(ZodError);
          return;
        }
        expectUnpolluted(answer);
        read += 1;
        const { length, entries = [] } = answer as { readonly length: number; readonly entries?: readonly unknown[] };
        expectCount(length + 0); // Of -0, which JSON can say and Redis can not, nobody sees the sign.
        expect(entries.filter((it) => typeof it !== 'string')).toEqual([]);
        expectFolded(entries as readonly string[]);
      }),
      runs(300),
    );
    expect(read).toBeGreaterThan(5);
  });

  it('should never be an entry unless it can be folded with any others', () => {
    const entry = fc.oneof(...livesOf(2).map((it) => textOf(fc.constant(it))));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (jsons) => expectFolded(jsons)),
      runs(200),
    );
  });
});

function expectFolded(jsons: readonly string[]): void {
  const folding = new Folding();
  for (const json of jsons) {
    const outcome = outcomeOf(() => decodeFrom('fuzz', json));
    if ('error' in outcome) expect(outcome.error).toBeInstanceOf(JournalError);
    else folding.add(outcome.value);
  }
  expectUnpolluted(folding.history('run'));
}

function clientWith(reply: unknown): NodeRedisClient {
  const answer = (): Promise<unknown> => Promise.resolve(reply);
  return { isOpen: true, evalSha: answer, eval: answer, duplicate: () => undefined };
}
