import * as z from 'zod';
import type { RedisClient } from './client.js';
import { journalScript } from './journalScript.js';
import { Script } from './script.js';

/** What a worker asks of a journal in one step. */
export interface Ask {
  /** Makes the journal where there is none, and compares it where there is one. */
  readonly open?: { readonly run: string; readonly settings: string; readonly format: string };
  readonly write: readonly { readonly key: string; readonly json: string; readonly isEnd: boolean }[];
  /** Prompts to give back, after all that is written, and to take. */
  readonly release: readonly string[];
  readonly claim: readonly string[];
  /** Prompts of others: whether they still have them. */
  readonly watch: readonly string[];
  /** True: gives all back, and is no worker any more. */
  readonly leave?: true;
}

/** Where a worker is in a journal. */
export interface Place {
  readonly worker: string;
  readonly ttlMs: number;
  /** Empty as it is opened. */
  readonly run: string;
  /** How many entries it has read, the digest of the last of them, and how many it knows of. */
  readonly read: number;
  readonly digest: string;
  readonly known: number;
}

export interface Answer {
  readonly length: number;
  readonly run: string;
  /** True for each of `write`, then of `claim`, that was done. */
  readonly answers: readonly boolean[];
  /** True where the worker had been given up, and what it had claimed before is not its own any more. */
  readonly isGivenUp: boolean;
  /** True for each of `watch` that another has. */
  readonly taken: readonly boolean[];
  readonly entries: readonly string[];
}

/** The journal is not what it was, or not what this worker takes it for. */
export interface Refused {
  readonly refused: 'lost' | 'settings' | 'format' | 'late';
  readonly length: number;
  readonly settings: string;
}

/** How much comes back in one step, at least, where there is more. */
const pageBytes = 262_144;

const script = new Script(journalScript);

// Clients can be told to hand out numbers as texts, and texts as bytes.
const text = z.preprocess((it) => (it instanceof Uint8Array ? Buffer.from(it).toString() : it), z.string());
const count = z.preprocess((it) => (typeof it === 'string' && /^\d+$/.test(it) ? Number(it) : it), z.int().min(0));
const flag = count.pipe(z.union([z.literal(0), z.literal(1)])).transform((it) => it === 1);

const reply = z
  .tuple([
    text.pipe(z.enum(['done', 'lost', 'settings', 'format', 'late'])),
    count,
    text,
    text,
    text.pipe(z.string().regex(/^[01]*$/)),
    flag,
    z.array(flag),
    z.array(text),
  ])
  .transform(([status, length, run, settings, answers, isGivenUp, taken, entries]): Answer | Refused =>
    status === 'done'
      ? { length, run, answers: Array.from(answers, (it) => it === '1'), isGivenUp, taken, entries }
      : { refused: status, length, settings },
  );

/** The keys of one journal, all of one slot of a cluster, and its channel. */
export class JournalKeys {
  readonly channel: string;
  readonly #prefix: string;

  constructor(name: string) {
    this.#prefix = `sluice:{journal:${name}}:`;
    this.channel = `${this.#prefix}news`;
  }

  of(worker: string): string[] {
    return ['meta', 'log', 'workers', 'claims', `steps:${worker}`].map((it) => `${this.#prefix}${it}`);
  }
}

/** Asks once. @throws (rejects with) what the client does, or ZodError for an answer that is none of ours */
export async function askOnce(
  client: RedisClient,
  keys: JournalKeys,
  number: number,
  place: Place,
  ask: Ask,
): Promise<Answer | Refused> {
  const { worker, ttlMs, run, read, digest, known } = place;
  const write = ask.write.map(({ key, json, isEnd }) => [key, json, isEnd ? 1 : 0]);
  const figures = [number, ttlMs].map(String);
  const from = [run, String(read), digest, String(known)];
  const rest = [keys.channel, String(pageBytes), JSON.stringify({ ...ask, write })];
  return reply.parse(await script.run(client, keys.of(worker), [worker, ...figures, ...from, ...rest]));
}
