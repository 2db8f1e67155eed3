import { OptionsError } from '../errors.js';

/** Which prompt it is, and the external ids of its tasks. */
export interface Identity {
  /** What a journal knows it by. */
  readonly key: string;
  /** A digest of what it asks for. */
  readonly content: string;
  /** The id of its task of that round, from 0; the same whenever it is asked for. */
  readonly idOf: (round: number) => string;
}

/** What a user says of a prompt's identity, if anything. */
export interface GivenIdentity {
  /** What its ids begin with. */
  readonly promptId?: string | undefined;
  /** The very id of its first task. */
  readonly externalId?: string | undefined;
}

const maxIdLength = 64;
/** What a digest leaves of the 64 characters. */
const maxPromptIdLength = 40;
const digestLength = maxIdLength - maxPromptIdLength - 1;

/**
 * Tells the prompts of a run apart, and knows them again in a later run: by what they ask for, and where several ask for
 * the same, by which of these they are; or by an id that they were given. So a file of prompts can grow and its lines can
 * move, and each is still the one it was.
 *
 * Ids follow from the run and the prompt alone: even where a disk lied and lost the record of an intent, the next run
 * sends under the id that the last one used, and the server refuses a second task.
 */
export class Identities {
  readonly #runId: string;
  readonly #digest: (text: string) => string;
  /** How many there were of each key. */
  readonly #seen = new Map<string, number>();

  constructor(runId: string, digest: (text: string) => string) {
    this.#runId = runId;
    this.#digest = digest;
  }

  /** @throws OptionsError for a given id that is not fit to be one, or that stands for another prompt of this run */
  identify(request: unknown, given: GivenIdentity): Identity {
    const content = this.#digest(canonicalJson(request));
    const { promptId, externalId } = given;
    if (externalId !== undefined) {
      checkExternalId(externalId);
      const key = this.#unique('externalId', externalId);
      // One made by choice after it failed needs another id; a number behind this one could be what another prompt is given.
      const again = this.#derived(externalId.slice(0, maxPromptIdLength), key);
      return { key, content, idOf: (round) => (round === 0 ? externalId : again(round)) };
    }
    if (promptId !== undefined) checkPromptId(promptId);
    const key = promptId === undefined ? this.#numbered(content) : this.#unique('promptId', promptId);
    return { key, content, idOf: this.#derived(promptId ?? 'sluice', key) };
  }

  /** Ids that begin with `base`, and are those of this prompt of this run alone. */
  #derived(base: string, key: string): (round: number) => string {
    return (round) => `${base}-${this.#digest(`${this.#runId} ${round} ${key}`).slice(0, digestLength)}`;
  }

  #numbered(content: string): string {
    const place = this.#seen.get(content) ?? 0;
    this.#seen.set(content, place + 1);
    return `${content}#${place}`;
  }

  #unique(option: string, id: string): string {
    const key = `id:${id}`;
    if (this.#seen.has(key)) throw new OptionsError(`${option}: "${id}" stands for another prompt already`, option);
    this.#seen.set(key, 1);
    return key;
  }
}

/** JSON with the names of every object in order: equal for equal values, however they were put together. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (isPlainObject(each) ? sorted(each) : each));
}

/** @throws OptionsError for one that a server would not take */
export function checkExternalId(id: string): void {
  checkId('externalId', id, maxIdLength);
}

/** @throws OptionsError for one that is not fit to begin an external id */
export function checkPromptId(id: string): void {
  checkId('promptId', id, maxPromptIdLength);
}

function checkId(option: string, id: string, maxLength: number): void {
  if (/^[\w-]+$/.test(id) && id.length <= maxLength) return;
  throw new OptionsError(`${option}: must be 1 to ${maxLength} of A-Z a-z 0-9 _ - (got "${id}")`, option);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(object: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));
}
