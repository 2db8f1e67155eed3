import type { JournaledTask } from '../../src/journal/journal.js';
import type { Account, Shared } from './account.js';
import { Desk } from './desk.js';
import type { Taken } from './intake.js';
import { SharedPrompt } from './sharedPrompt.js';

/**
 * Takes prompts in where several workers share a run, and passes on to them what is heard of the others. What was left at
 * the server comes first (`adopted`), whoever may have it.
 */
export class SharedIntake<Input, Request> {
  readonly #account: Account<Request>;
  readonly #shared: Shared;
  readonly #desk: Desk<Input, Request>;
  readonly #prompts = new Map<string, SharedPrompt<Input, Request>>();
  /** Which task of a prompt was its newest before this worker came, by the prompt's key. */
  readonly #roundBefore: ReadonlyMap<string, number>;

  constructor(account: Account<Request>, shared: Shared) {
    this.#account = account;
    this.#shared = shared;
    this.#desk = new Desk(account);
    this.#roundBefore = new Map(shared.history.tasks.map(({ key, round }) => [key, round]));
  }

  adopted(): readonly SharedPrompt<Input, Request>[] {
    const { history } = this.#shared;
    const underWay = history.tasks.filter(({ phase }) => phase === 'unknown' || phase === 'running');
    return underWay.map(({ key }) => this.#promptOf(key));
  }

  /** What others are at and nobody here follows, though its credits are waited for: they may be gone by now. */
  awaited(): readonly SharedPrompt<Input, Request>[] {
    const keys = this.#account.credits.awaitedElsewhere.filter((key) => this.#prompts.get(key)?.isForgotten !== false);
    return keys.map((key) => this.#prompts.get(key) ?? this.#promptOf(key));
  }

  take(input: Input, index: number): Taken<Input, SharedPrompt<Input, Request>> {
    const named = this.#desk.read(input, index, (key) => this.#shared.claims.taskOf(key));
    if ('refused' in named) return { result: named.refused };
    const { key } = named.identity;
    const underWay = this.#prompts.get(key);
    const prompt = underWay ?? this.#promptOf(key);
    prompt.isWantedAs(named);
    return underWay === undefined || underWay.isForgotten ? { run: prompt } : { isUnderWay: true };
  }

  /** Another worker has written about a task. */
  heard(task: JournaledTask): void {
    this.#prompts.get(task.key)?.heard(task);
  }

  #promptOf(key: string): SharedPrompt<Input, Request> {
    const roundBefore = this.#roundBefore.get(key) ?? -1;
    const prompt = new SharedPrompt(this.#account, this.#shared.claims, this.#desk, key, roundBefore);
    this.#prompts.set(key, prompt);
    return prompt;
  }
}
