import { arrayBufferToBase64, parseDictionary, parseList } from 'structured-headers';
import * as z from 'zod/mini';
import { positiveMs } from '../options.js';

/** A limit that a server announces. */
export interface RateLimitPolicy {
  /** Its name; for the older fields, which give none, what their own names begin with: `x-ratelimit`. */
  readonly name: string;
  /** How many units it allows in a window. */
  readonly quota: number;
  /** How long the window is, in ms, where it is said. */
  readonly windowMs?: number | undefined;
  /** What is counted, where it is not requests: `content-bytes`, `concurrent-requests`. */
  readonly unit?: string | undefined;
  /** Whose quota it is, in Base64, where it is not everybody's. */
  readonly partitionKey?: string | undefined;
}

/** How much of a limit is left. */
export interface RateLimitState {
  /** As its policy's. */
  readonly name: string;
  /** The units left; only the older fields may leave it unsaid. */
  readonly remaining?: number | undefined;
  /** In how many ms from now more units are there, where it is said. */
  readonly resetMs?: number | undefined;
  /** As its policy's. */
  readonly partitionKey?: string | undefined;
}

/** All that a server says about its limits. */
export interface RateLimits {
  readonly policies: readonly RateLimitPolicy[];
  readonly limits: readonly RateLimitState[];
}

// The parser reads "-0" as -0, which 0 makes 0.
const count = z.pipe(
  z.int().check(z.gte(0)),
  z.transform((value) => value + 0),
);
const wholeSeconds = z.pipe(
  z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER / 1_000)),
  z.transform((seconds) => seconds * 1_000 + 0),
);
const base64 = z.pipe(
  z.instanceof(ArrayBuffer),
  z.transform((bytes: ArrayBuffer) => arrayBufferToBase64(bytes)),
);

const policyList = z.array(
  z.tuple([
    z.string(),
    z.object({
      q: count,
      w: z.optional(z.pipe(wholeSeconds, positiveMs)),
      qu: z.optional(z.string()),
      pk: z.optional(base64),
    }),
  ]),
);
const stateList = z.array(
  z.tuple([z.string(), z.object({ r: count, t: z.optional(wholeSeconds), pk: z.optional(base64) })]),
);
const earlierState = z.object({ limit: z.optional(count), remaining: count, reset: z.optional(wholeSeconds) });

/**
 * Reads a `RateLimit-Policy` field (draft-ietf-httpapi-ratelimit-headers): a list of strings, each with `q` (required),
 * `w`, `qu` and `pk`. One that breaks a rule makes the whole field void.
 */
export function parseRateLimitPolicy(field: string): readonly RateLimitPolicy[] {
  const members = policyList.safeParse(listOf(field)).data ?? [];
  return members.map(([name, { q, w, qu, pk }]) => ({ name, quota: q, windowMs: w, unit: qu, partitionKey: pk }));
}

/**
 * Reads a `RateLimit` field (draft-ietf-httpapi-ratelimit-headers): a list of strings, each with `r` (required), `t` and
 * `pk`; or, as an earlier draft had it, `limit=100, remaining=50, reset=30`. One that breaks a rule makes the whole field
 * void.
 */
export function parseRateLimit(field: string): RateLimits {
  const members = stateList.safeParse(listOf(field)).data;
  if (members === undefined) return parseEarlierDraft(field);
  return {
    policies: [],
    limits: members.map(([name, { r, t, pk }]) => ({ name, remaining: r, resetMs: t, partitionKey: pk })),
  };
}

function parseEarlierDraft(field: string): RateLimits {
  const { data } = earlierState.safeParse(dictionaryOf(field));
  if (data === undefined) return { policies: [], limits: [] };
  const { limit, remaining, reset } = data;
  return {
    policies: limit === undefined ? [] : [{ name: 'ratelimit', quota: limit }],
    limits: [{ name: 'ratelimit', remaining, resetMs: reset }],
  };
}

/** The items of a list, each with its parameters. Undefined: it is none. */
function listOf(field: string): readonly (readonly [unknown, Record<string, unknown>])[] | undefined {
  return parsed(field, () => parseList(field).map(([item, parameters]) => [item, Object.fromEntries(parameters)]));
}

/** The members of a dictionary. Undefined: it is none. */
function dictionaryOf(field: string): Record<string, unknown> | undefined {
  return parsed(field, () => Object.fromEntries([...parseDictionary(field)].map(([key, [item]]) => [key, item])));
}

// The parser reads "1.0" as 1, where only an Integer will do.
const decimal = /(?:^|[;,])[ \t]*(?:q|w|r|t|limit|remaining|reset)=-?\d+\./;

function parsed<T>(field: string, parse: () => T): T | undefined {
  try {
    return decimal.test(withoutStrings(field)) ? undefined : parse();
  } catch {
    return undefined;
  }
}

/** A string without an end goes on to that of the field: to look for another one from each of its quotes takes long. */
function withoutStrings(field: string): string {
  return field.replace(/"(?:[^"\\]|\\[^]?)*"?/g, '""');
}
