import fc from 'fast-check';
import type { JournaledOutcome, JournalEntry } from '../../src/journal/journal.js';

const ids = ['a', 'b', 'c', 'd'];
const atMs = fc.nat(10_000);
const credits = fc.nat(20);

export const outcomes: fc.Arbitrary<JournaledOutcome> = fc.record(
  {
    status: fc.constantFrom('succeeded', 'failed'),
    taskId: fc.string(),
    outputs: fc.array(
      fc.record(
        { type: fc.constantFrom('video', 'image'), url: fc.webUrl(), durationMs: atMs },
        {
          requiredKeys: ['type', 'url'],
        },
      ),
      { maxLength: 2 },
    ),
    attempts: fc.nat(5),
    submittedAtMs: atMs,
    endedAtMs: atMs,
    error: fc.record({ meaning: fc.string(), code: fc.string(), message: fc.string({ unit: 'binary' }) }),
    credits,
  },
  { requiredKeys: ['status', 'outputs', 'attempts', 'endedAtMs', 'credits'] },
);

/** Any entries in any order, of few tasks and few prompts, so that they meet. */
export const anyEntry: fc.Arbitrary<JournalEntry> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('intent'),
      id: fc.constantFrom(...ids),
      key: fc.constantFrom('x', 'y', 'z'),
      round: fc.nat(3),
      index: fc.nat(9),
      prompt: fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value))),
      credits,
      atMs,
    }),
  },
  fc.record({
    type: fc.constant('accepted'),
    id: fc.constantFrom(...ids),
    ref: fc.record({ product: fc.constantFrom('videos', 'images'), id: fc.string() }),
    atMs,
  }),
  fc.record({ type: fc.constantFrom('status', 'unsent'), id: fc.constantFrom(...ids), atMs }),
  fc.record({ type: fc.constant('ended'), id: fc.constantFrom(...ids), outcome: outcomes, atMs }),
);

/** Of 0: all that is written of a prompt that comes to a good end. */
export function lifeOf(number: number): readonly JournalEntry[] {
  const id = `sluice-${number}`;
  const ref = { product: 'videos', id: `task-${number}` };
  const outcome: JournaledOutcome = {
    status: 'succeeded',
    taskId: ref.id,
    attempts: 1,
    submittedAtMs: 2,
    endedAtMs: 4,
    credits: 10,
    outputs: [{ type: 'video', url: `https://example.test/${number}.mp4` }],
  };
  return [
    {
      type: 'intent',
      id,
      key: `key-${number}`,
      round: 0,
      index: number,
      prompt: `A lighthouse in fog — take ${number}`,
      credits: 10,
      atMs: 1,
    },
    { type: 'accepted', id, ref, atMs: 2 },
    { type: 'status', id, atMs: 3 },
    { type: 'ended', id, outcome, atMs: 4 },
  ];
}

/** The lives of so many prompts, going on side by side. */
export function livesOf(count: number): readonly JournalEntry[] {
  const lives = Array.from({ length: count }, (_, number) => lifeOf(number));
  return [0, 1, 2, 3].flatMap((step) => lives.flatMap((life) => life.slice(step, step + 1)));
}
