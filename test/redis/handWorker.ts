import type { Clock } from '../../src/clock.js';
import type { Claims, Journal, JournaledOutcome } from '../../src/journal/journal.js';
import type { FakeServer } from '../operators/fakeServer.js';
import type { Prompt } from '../operators/generating.js';
import { ours } from './journalClients.js';

/** A worker by hand: what it does with a prompt happens when a test says so, and is written down once that resolves. */
export class HandWorker {
  readonly #journal: Journal & { readonly claims: Claims };
  readonly #server: FakeServer;
  readonly #clock: Clock;

  constructor(journal: Journal & { readonly claims: Claims }, server: FakeServer, clock: Clock) {
    this.#journal = journal;
    this.#server = server;
    this.#clock = clock;
  }

  /** Has it from here on, as soon as nobody else has. */
  async takes(prompt: Prompt): Promise<void> {
    let claim = await this.#journal.claims.claim(keyOf(prompt));
    while (!claim.isOurs) {
      await claim.free;
      claim = await this.#journal.claims.claim(keyOf(prompt));
    }
  }

  /** Takes it, where nobody has it. @throws where somebody has */
  async takesAtOnce(prompt: Prompt): Promise<void> {
    ours(await this.#journal.claims.claim(keyOf(prompt)));
  }

  /** Takes it, and writes down that it is about to be sent. */
  async intends(prompt: Prompt, round = 0): Promise<void> {
    await this.takes(prompt);
    const { credits } = this.#server.parse(prompt);
    const names = { id: idOf(prompt, round), key: keyOf(prompt), round, index: 7 };
    await this.#journal.write({ type: 'intent', ...names, prompt, credits, atMs: this.#clock.epochNow() });
  }

  /** As `intends`, and sends it: it runs then. */
  async sends(prompt: Prompt, round = 0): Promise<void> {
    await this.intends(prompt, round);
    const id = idOf(prompt, round);
    const { ref } = await this.#server.submit(this.#server.parse(prompt), id);
    await this.#journal.write({ type: 'accepted', id, ref, atMs: this.#clock.epochNow() });
  }

  /** The server has said that what was to be sent is not there. */
  async findsNone(prompt: Prompt, round = 0): Promise<void> {
    await this.#journal.write({ type: 'unsent', id: idOf(prompt, round), atMs: this.#clock.epochNow() });
  }

  /** It has ended so, and is nobody's any more. */
  async ends(prompt: Prompt, status: JournaledOutcome['status'] = 'succeeded', round = 0): Promise<void> {
    const atMs = this.#clock.epochNow();
    const isPaid = status === 'succeeded';
    const outcome: JournaledOutcome = {
      status,
      outputs: [],
      attempts: 1,
      endedAtMs: atMs,
      credits: isPaid ? this.#server.parse(prompt).credits : 0,
      ...(!isPaid && { error: { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message: 'it did not work out' } }),
    };
    await this.#journal.write({ type: 'ended', id: idOf(prompt, round), outcome, atMs });
  }

  /** What it has is free for the others. */
  leaves(): Promise<void> {
    return this.#journal.close();
  }
}

/** What a prompt says. */
export function textOf(prompt: Prompt): string {
  return typeof prompt === 'string' ? prompt : (prompt.prompt ?? '');
}

/** What a journal knows it by. */
export function keyOf(prompt: Prompt): string {
  return `id:${textOf(prompt)}`;
}

function idOf(prompt: Prompt, round: number): string {
  return round === 0 ? textOf(prompt) : `${textOf(prompt)}-${round}`;
}
