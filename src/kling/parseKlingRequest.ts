import type { KlingApi, KlingRequest } from './klingRequest.js';
import { standards } from './standards/standards.js';

export interface ParseKlingRequestOptions {
  /** @defaultValue 'v1' */
  readonly api?: KlingApi | undefined;
}

/**
 * Checks a request: a bare string is the prompt of a text-to-video task, and so is an object that names no product.
 * Takes its own results, too, and makes of equal requests equal JSON.
 *
 * @throws OptionsError naming the first field that is wrong, unknown fields included, and those that only the other
 * standard takes.
 */
export function parseKlingRequest(input: unknown, { api = 'v1' }: ParseKlingRequestOptions = {}): KlingRequest {
  return standards[api].parse(input);
}
