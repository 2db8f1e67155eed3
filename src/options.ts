import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { OptionsError } from './errors.js';

/** What zod says of its own accord: in English, whatever language the application has set zod to. */
const english = en().localeError;

/** A span of time in milliseconds: finite and not negative. */
export const durationMs = z.number().check(z.gte(0));

/** A span of time in milliseconds that must not be empty. */
export const positiveMs = z.number().check(z.positive());

/** A number of units, tasks or requests: an integer of at least 1. */
export const positiveCount = z.int().check(z.gte(1));

/** A cost: finite and not negative. */
export const amount = z.number().check(z.gte(0));

/** How many at most: a `positiveCount`, or as many as come. */
export const countOrInfinity = z.union([positiveCount, z.literal(Infinity)], {
  error: 'must be an integer of at least 1, or Infinity',
});

/** A span of time in milliseconds that must not be empty, or one that never ends. */
export const msOrInfinity = z.union([positiveMs, z.literal(Infinity)], {
  error: 'must be a number of milliseconds greater than 0, or Infinity',
});

/** One cost for all limits, or one for each, by its name. */
export const costOrCosts = z.union([amount, z.record(z.string(), amount)], {
  error: 'must be a number of at least 0, or an object of such numbers by the names of the limits',
});

/** Finite and more than 0. */
export const positive = z.number().check(z.positive());

/**
 * A text that is not empty. zod's own check of a length looks at whatever has one, and throws where that is
 * `{ "length": { "toString": 1 } }`.
 */
export const nonEmpty = z.string().check(z.refine((text) => text.length > 0, 'must not be empty'));

/** A function, whatever it takes: types have checked it already. */
export function callback<F>(): z.ZodMiniType<F> {
  return z.custom<F>((value) => typeof value === 'function', { error: 'must be a function' });
}

/** An object of ours (a limiter, a clock), known by one of its methods. */
export function having<T>(method: keyof T & string): z.ZodMiniType<T> {
  return z.custom<T>(
    (value) => typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function',
    { error: `must be an object with a method ${method}()` },
  );
}

/**
 * Checks `value` once, at the door; what comes back is trusted from there on.
 *
 * @throws OptionsError naming the first wrong path, what it holds and what is allowed there.
 */
export function parseOptions<S extends z.core.$ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const parsed = z.safeParse(schema, value, { error: english, reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new OptionsError(`${where}: not valid`, '');
  throw new OptionsError(`${where}: ${describeIssue(issue)}`, issue.path.join('.'), { cause: parsed.error });
}

/**
 * `parseOptions` for options that hold secrets, or URLs that may be signed: neither the message nor a cause shows what
 * was given, not even under a misspelt name.
 *
 * @throws OptionsError
 */
export function parseSecretOptions<S extends z.core.$ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const parsed = z.safeParse(schema, value, { error: english });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const text = issue === undefined ? 'not valid' : describeIssue(issue);
  throw new OptionsError(`${where}: ${text}`, issue?.path.join('.') ?? '');
}

/** One line for an issue of zod: the path, what is wrong, and the value where it is a plain one. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  const isPlain = typeof issue.input === 'string' || typeof issue.input === 'number';
  const got = isPlain ? ` (got ${shortened(issue.input)})` : '';
  const text = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return `${path === '' ? '' : `${path}: `}${text}${got}`;
}

function shortened(input: unknown): string {
  const text = typeof input === 'number' ? String(input) : JSON.stringify(input);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
