import { inspect } from 'node:util';
import { expect } from 'vitest';

/** What would take for ever at the second length has given itself away at the first. */
const lengths = [8_192, 65_536];
/** In the processor's time: what grows with its input takes a few; what grows with its square takes seconds. */
const mostMs = 500;

/** Reads longer and longer texts, and fails as soon as one takes much longer than its length excuses. */
export function expectLinear(read: (text: string) => unknown, textOf: (length: number) => string): void {
  for (const length of lengths) {
    const text = textOf(length);
    const { user } = process.cpuUsage();
    outcomeOf(() => read(text));
    const tookMs = (process.cpuUsage().user - user) / 1_000;
    if (tookMs > mostMs)
      expect.fail(`${length} characters like ${JSON.stringify(text.slice(0, 20))} took ${tookMs} ms`);
  }
}

/** What came of it: a value, or what was thrown. */
export function outcomeOf<T>(read: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}

/** Nobody's names have become properties of every object, nor of one within `value`. */
export function expectUnpolluted(value?: unknown): void {
  if (Object.keys(Object.prototype).length > 0) expect.fail(`every object has ${Object.keys(Object.prototype).join()}`);
  for (const object of objectsIn(value)) {
    const prototype: unknown = Object.getPrototypeOf(object);
    const isPlain = prototype === Object.prototype || prototype === Array.prototype || prototype === null;
    if (!isPlain) expect.fail(`an object has a prototype of somebody's: ${inspect(prototype)}`);
  }
}

/** A whole number of units or of ms, fit to be reckoned with. */
export function expectCount(value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0))) return;
  expect.fail(`${value} is no count`);
}

/** A number of 0 or more that can be reckoned with. */
export function expectAmount(value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return;
  expect.fail(`${value} is no amount`);
}

/** One line, with nothing in it that could control a terminal, and an end. */
export function expectHarmless(message: string): void {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(message) || message.length > 2_000) expect.fail(`a message is ${inspect(message)}`);
}

/** Nothing that a log could make of it has that in it. */
export function expectWithout(secret: string, value: unknown): void {
  const shown = inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  if (shown.includes(secret)) expect.fail(`a secret is in ${shown}`);
}

function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== 'object' || value === null || value instanceof Error) return;
  yield value;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}
