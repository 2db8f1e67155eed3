import * as z from 'zod';
import { describeIssue } from '../options.js';
import type { Order } from './orders.js';

/** What became of reading the body of a create. */
export type OrderReading =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly code: 1200 | 1201 | 1301; readonly message: string };

/** The longest prompt of most models, in characters. */
export const maxPromptLength = 2_500;

/** What a video lasts when nobody says, in seconds; and what an extension adds to one. */
export const defaultSeconds = 5;

export const externalId = z
  .string()
  .regex(/^[\w-]{1,64}$/, { error: 'must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -' });

export const callbackUrl = z.url();

export const ratio = z.string().regex(/^\d+:\d+$/, { error: 'must be like 16:9' });

/** Text that shows something. */
export const notBlank = z.string().regex(/\S/, { error: 'must not be empty' });

/** Characters are code points: an emoji outside the basic plane is one. */
export function isWithin(maxLength: number, text: string): boolean {
  return text.length <= maxLength || Array.from(text).length <= maxLength;
}

export function tooLong(maxLength: number): string {
  return `must be at most ${maxLength} characters`;
}

/** The refusal of a body that does not fit its schema: 1201, with the first thing that is wrong. */
export function invalid(error: z.ZodError): OrderReading {
  const [issue] = error.issues;
  return { ok: false, code: 1201, message: issue === undefined ? 'Invalid parameters' : describeIssue(issue) };
}
