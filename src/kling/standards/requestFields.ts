import * as z from 'zod';
import { OptionsError } from '../../errors.js';
import { nonEmpty, parseOptions } from '../../options.js';
import { canonicalJson } from '../../tasks/identity.js';
import type { KlingApi, KlingRequest } from '../klingRequest.js';

/** The longest prompt that every model takes, in characters. */
export const maxPromptLength = 2_500;

/** Text of at most `max` characters, counted as code points. */
export function textUpTo(max: number) {
  return z.string().refine((value) => lengthOf(value) <= max, { error: ({ input }) => tooLong(max, input) });
}

export function promptUpTo(max: number) {
  return textUpTo(max).refine((value) => /\S/.test(value), { error: 'must not be empty' });
}

export function lengthOf(text: string): number {
  return Array.from(text).length;
}

export function tooLong(max: number, text: unknown): string {
  return `must be at most ${max} characters, and has ${lengthOf(String(text))}`;
}

export const image = nonEmpty.check(
  z.refine((value) => !value.startsWith('data:'), {
    error: 'must be a URL, or base64 without the "data:...," prefix',
  }),
);

export const callbackUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

export const mode = z.enum(['std', 'pro']);

export const sound = z.enum(['on', 'off']);

export const aspectRatio = z.enum(['16:9', '9:16', '1:1']);

/** An object that is sent as it is: kept as the JSON that it will be, with its names in order. */
export const jsonObject = z.record(z.string(), z.unknown()).transform((value, context) => {
  try {
    return JSON.parse(canonicalJson(value)) as Readonly<Record<string, unknown>>;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be an object of JSON values' });
    return z.NEVER;
  }
});

/** A field of the shared shape that this standard cannot send. */
export function onlyWith(api: KlingApi) {
  return z.undefined({ error: `is not taken by this API of Kling's: leave it out, or use api: '${api}'` }).optional();
}

/** At least one frame to start from, or to arrive at. */
export const someFrame = {
  path: ['image'],
  error: 'must be given (or image_tail)',
};

export function hasFrame(request: { readonly image?: unknown; readonly image_tail?: unknown }): boolean {
  return request.image !== undefined || request.image_tail !== undefined;
}

/**
 * Checks a request by a standard's schema: a bare string is the prompt of a text-to-video task, and so is an object that
 * names no product. What comes out has its fields in the order of the schema and none that is undefined, so that equal
 * requests are of equal JSON.
 *
 * @throws OptionsError naming the first field that is wrong, unknown fields included.
 */
export function parseBy(schema: z.ZodType<KlingRequest>, input: unknown): KlingRequest {
  const given = typeof input === 'string' ? { prompt: input } : input;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionsError('Kling request: must be a prompt (a string) or an object', '');
  }
  return withoutUndefined(parseOptions(schema, { product: 'text2video', ...given }, 'Kling request'));
}

/** The fields that hold something. */
export function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
