import * as z from 'zod';
import { amount, describeIssue, nonEmpty } from '../options.js';
import type { TaskOutput } from '../tasks/taskApi.js';
import type { JournaledOutcome, JournalEntry } from './journal.js';

/** The first record of a journal's file. */
export interface Header {
  readonly type: 'journal';
  readonly format: number;
  readonly runId: string;
}

/** What stands in a journal's file after its header: entries, and what is left of older tasks once it was compacted. */
export type StoredEntry =
  JournalEntry | { readonly type: 'replaced'; readonly credits: number; readonly intendedAtMs: number };

/** What this version writes, and the newest that it reads. */
export const journalFormat = 1;

const id = z.string();
const atMs = z.number();
const count = z.int().min(0);

/** An API of somebody else's may well say that a duration is undefined, or none: that it does not know one. */
const output = z
  .object({ type: z.enum(['video', 'image']), url: z.string(), durationMs: z.number().optional().catch(undefined) })
  .transform(({ durationMs, ...rest }): TaskOutput => ({ ...rest, ...(durationMs !== undefined && { durationMs }) }));

const outcome: z.ZodType<JournaledOutcome> = z.object({
  status: z.enum(['succeeded', 'failed']),
  taskId: z.string().optional(),
  outputs: z.array(output),
  attempts: count,
  submittedAtMs: z.number().optional(),
  endedAtMs: z.number(),
  error: z.object({ meaning: z.string(), code: z.string(), message: z.string() }).optional(),
  credits: amount,
});

const storedEntry = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('intent'),
    id,
    key: z.string(),
    round: count,
    index: count,
    // What JSON cannot hold is not there when it is read.
    prompt: z.unknown().default(undefined),
    credits: amount,
    atMs,
  }),
  z.object({ type: z.literal('accepted'), id, ref: z.object({ product: z.string(), id: z.string() }), atMs }),
  z.object({ type: z.literal('status'), id, atMs }),
  z.object({ type: z.literal('unsent'), id, atMs }),
  z.object({ type: z.literal('ended'), id, outcome, atMs }),
  z.object({ type: z.literal('replaced'), credits: amount, intendedAtMs: z.number() }),
]);

const header = z.object({ type: z.literal('journal'), format: z.int(), runId: nonEmpty });

/** The entry as JSON that can be read back. @throws Error saying what of it is not one, TypeError for what JSON cannot hold */
export function encodeEntry(entry: StoredEntry): string {
  return JSON.stringify(parsed(storedEntry, entry));
}

/** @throws Error saying what is wrong with it */
export function decodeEntry(json: string): StoredEntry {
  return parsed(storedEntry, JSON.parse(json));
}

export function encodeHeader(runId: string): string {
  return JSON.stringify({ type: 'journal', format: journalFormat, runId } satisfies Header);
}

/** @throws Error saying what is wrong with it */
export function decodeHeader(json: string): Header {
  return parsed(header, JSON.parse(json));
}

function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(issue === undefined ? 'not valid' : describeIssue(issue));
}
