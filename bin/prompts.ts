import { readFile } from 'node:fs/promises';
import { OptionsError } from '../operators/index.js';
import { codeOf } from '../src/codeOf.js';
import { parseKlingRequest, type KlingApi, type KlingProduct, type KlingRequest } from '../src/kling/index.js';
import { flagOf, type Defaults } from './promptFlags.js';
import { clean, crop, messageOf } from './text.js';
import { UsageError } from './usageError.js';

/** One line of a file of prompts, ready to be sent. */
export interface Prompt {
  readonly request: KlingRequest;
  /** What it is known by, and what its external id begins with, where the line says so. */
  readonly id?: string;
}

/** Which defaults a product takes. */
const takenBy: Readonly<Record<KlingProduct, readonly (keyof Defaults)[]>> = {
  text2video: ['model_name', 'mode', 'duration', 'aspect_ratio', 'negative_prompt'],
  image2video: ['model_name', 'mode', 'duration', 'negative_prompt'],
  images: ['model_name', 'aspect_ratio', 'negative_prompt'],
  'video-extend': ['negative_prompt'],
};

const maxReported = 10;
const maxProblemColumns = 300;

/**
 * Reads a file of prompts, or standard input for `-`; see `parsePrompts` for what is in it.
 *
 * @throws UsageError
 */
export async function readPrompts(file: string, defaults: Defaults, api: KlingApi = 'v1'): Promise<readonly Prompt[]> {
  checkDefaults(defaults, api);
  const isStandardInput = file === '-';
  const name = isStandardInput ? 'standard input' : file;
  try {
    const bytes = isStandardInput ? await readAll(process.stdin) : await readFile(file);
    return parsePrompts(bytes, name, defaults, api);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${clean(name)}: ${whyUnreadable(error)}`, { cause: error });
  }
}

/**
 * The prompts in the bytes of a file, in UTF-8, with any line ends, with or without a byte order mark. `.txt`: a prompt a
 * line, blank lines skipped, every other line a prompt, whatever it begins with. `.jsonl`: a JSON object a line, with
 * Kling's field names, and an `id` of its own where it shall be known by one. Any other name: as `.jsonl` where the
 * first line that is not blank begins with `{`, else as `.txt`; a JSON array, `.json` and tables (`.csv`, `.tsv`) are
 * refused.
 *
 * All or nothing: one bad line, and there are no prompts.
 *
 * @throws UsageError with up to ten bad lines, their numbers, and what is wrong with them
 */
export function parsePrompts(
  bytes: Uint8Array,
  name: string,
  defaults: Defaults,
  api: KlingApi = 'v1',
): readonly Prompt[] {
  // Brackets, or a table's heading and commas, would be made into videos.
  if (/\.(json|csv|tsv)$/i.test(name)) {
    throw new UsageError(
      `${clean(name)}: must be .jsonl (a JSON object a line) or .txt (a prompt a line, and nothing else)`,
    );
  }
  const text = new TextDecoder().decode(bytes);
  const isText = /\.txt$/i.test(name);
  if (!isText && isJsonArray(text)) {
    throw new UsageError(`${clean(name)}: is a JSON array; it must be a JSON object a line (jq -c '.[]' makes them)`);
  }
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((text, index) => ({ text: text.trim(), number: index + 1 }))
    .filter(({ text }) => text !== '');
  const isJson = /\.jsonl$/i.test(name) || (!isText && lines[0]?.text.startsWith('{') === true);
  const prompts: Prompt[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  for (const { text, number } of lines) {
    try {
      const prompt = isJson ? readRequest(text, defaults, api) : readPrompt(text, defaults, api);
      prompts.push(prompt);
      if (prompt.id !== undefined) claim(prompt.id, number, lineOf);
    } catch (error) {
      problems.push(`${clean(name)}:${number}: ${crop(problemOf(error), maxProblemColumns)}`);
    }
  }
  if (problems.length > 0) throw new UsageError(reported(problems));
  if (prompts.length === 0) throw new UsageError(`${clean(name)}: there are no prompts in it`);
  return prompts;
}

function isJsonArray(text: string): boolean {
  if (!text.trimStart().startsWith('[')) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

/** An id stands for one prompt. */
function claim(id: string, number: number, lineOf: Map<string, number>): void {
  const other = lineOf.get(id);
  if (other !== undefined) throw new UsageError(`id: "${id}" is that of line ${other} already`);
  lineOf.set(id, number);
}

function readPrompt(text: string, defaults: Defaults, api: KlingApi): Prompt {
  refuseGarbage(text);
  // A tab comes with what is pasted from tables; anything else of the kind, from files that are no text.
  const [control] = /(?!\t)\p{Cc}/u.exec(text) ?? [];
  if (control !== undefined) {
    const number = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new UsageError(`holds the control character U+${number}: is it a text file?`);
  }
  return { request: parseKlingRequest({ prompt: text, ...defaults }, { api }) };
}

function readRequest(text: string, defaults: Defaults, api: KlingApi): Prompt {
  refuseGarbage(text);
  const given = parseJson(text);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError('must be a JSON object, like {"prompt":"a cat"}');
  }
  const { id, ...fields } = given as Readonly<Record<string, unknown>>;
  const request = parseKlingRequest({ ...defaultsFor(fields['product'], defaults), ...fields }, { api });
  if (id === undefined) return { request };
  if (typeof id !== 'string' || !/^[\w-]{1,40}$/.test(id)) {
    throw new UsageError('id: must be 1 to 40 characters of A-Z, a-z, 0-9, _ and -');
  }
  return { request, id };
}

/** The decoder puts this where bytes are no UTF-8. */
function refuseGarbage(text: string): void {
  if (text.includes('\ufffd')) throw new UsageError('is not UTF-8 text');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`is not JSON (${messageOf(error)})`, { cause: error });
  }
}

function defaultsFor(product: unknown, defaults: Defaults): Defaults {
  const isKnown = typeof product === 'string' && Object.hasOwn(takenBy, product);
  const taken = takenBy[isKnown ? (product as KlingProduct) : 'text2video'];
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => taken.some((it) => it === name)));
}

/** A bad default would make every line a bad one: it is told once, by the name of its flag. */
function checkDefaults(defaults: Defaults, api: KlingApi): void {
  for (const [name, value] of Object.entries(defaults)) {
    try {
      parseKlingRequest({ prompt: 'a cat', [name]: value }, { api });
    } catch (error) {
      const problem = problemOf(error).replace(`${name}: `, '');
      throw new UsageError(`${flagOf[name as keyof Defaults]}: ${crop(problem, maxProblemColumns)}`, { cause: error });
    }
  }
}

function problemOf(error: unknown): string {
  if (error instanceof OptionsError) {
    return clean(error.message.replace('Kling request: ', '').replaceAll(/api: '(v1|new)'/g, '--api $1'));
  }
  if (error instanceof UsageError) return clean(error.message);
  throw error;
}

function reported(problems: readonly string[]): readonly string[] {
  if (problems.length === 1) return problems.map((problem) => `${problem} (nothing was sent)`);
  const left = problems.length - maxReported;
  return [
    ...problems.slice(0, maxReported),
    `${problems.length} bad lines${left > 0 ? `, ${left} of them not shown` : ''}; nothing was sent`,
  ];
}

function whyUnreadable(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EISDIR') return 'is a directory, not a file of prompts';
  return `cannot be read (${messageOf(error)})`;
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks);
}
