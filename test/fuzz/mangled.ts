import fc from 'fast-check';

/** Does something small to what is handed over. */
type Change<T> = (good: T) => T;

/** What no grammar expects: the ends of lines, of strings and of numbers, other scripts, control characters, hostile names. */
const hostile = [
  ...[
    '\0',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\x1b[2J',
    '\x7f',
    '\x9b31m',
    '\u2028',
    '\u202e',
    '\ufeff',
    '\ufffd',
    '\ud800',
  ],
  ...[
    '"',
    "'",
    '\\',
    ',',
    ';',
    ':',
    '=',
    '/',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '-',
    '+',
    '.',
    '#',
    '%',
    '0',
    '9',
    'é',
    '٣',
  ],
  ...[
    'null',
    'true',
    'NaN',
    '-0',
    '1e999',
    '9'.repeat(400),
    '__proto__',
    'constructor',
    '{"__proto__":{"polluted":1}}',
  ],
];

/** A good text after up to four small changes: cut out, doubled, moved, or with something hostile put in. Often it is good still. */
export function mangled(good: fc.Arbitrary<string>, ...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...hostile, ...pieces);
  const spot = fc.nat();
  const length = fc.nat({ max: 12 });
  const change: fc.Arbitrary<Change<string>> = fc.oneof(
    fc.tuple(spot, length).map(([at, count]) => splicing(at, count, () => '')),
    fc.tuple(spot, length).map(([at, count]) => splicing(at, count, (cut) => cut + cut)),
    fc.tuple(spot, fc.nat({ max: 1 }), piece).map(([at, count, put]) => splicing(at, count, () => put)),
    fc.tuple(spot, spot).map(([at, to]) => moving(at, to)),
    fc.tuple(spot, fc.nat({ max: 5 })).map(([at, count]) => splicing(at, count, swappedCase)),
  );
  return fc.tuple(good, fc.array(change, { maxLength: 4 })).map(([text, changes]) => changed(text, changes));
}

/** Good bytes with some bits flipped, pieces cut out, doubled or zeroed, or noise put in. */
export function mangledBytes(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  const spot = fc.nat();
  const length = fc.nat({ max: 40 });
  const change: fc.Arbitrary<Change<Buffer>> = fc.oneof(
    fc.tuple(spot, fc.nat({ max: 7 })).map(([at, bit]) => splicingBytes(at, 1, ([byte = 0]) => [byte ^ (1 << bit)])),
    fc.tuple(spot, length).map(([at, count]) => splicingBytes(at, count, () => [])),
    fc.tuple(spot, length).map(([at, count]) => splicingBytes(at, count, (cut) => [...cut, ...cut])),
    fc.tuple(spot, length).map(([at, count]) => splicingBytes(at, count, (cut) => cut.map(() => 0))),
    fc.tuple(spot, fc.uint8Array({ maxLength: 9 })).map(([at, noise]) => splicingBytes(at, 0, () => [...noise])),
  );
  return fc
    .tuple(good, fc.array(change, { maxLength: 4 }))
    .map(([bytes, changes]) => changed(Buffer.from(bytes), changes));
}

/** Values that are seldom thought of. */
const strange: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    0.1,
    1e300,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    [[]],
    { length: 1 },
    { length: { toString: 1 } },
    { __proto__: null, toString: 1 },
  ],
  ...[
    '',
    ' ',
    '-0',
    '0.1',
    '1e5',
    '9'.repeat(16),
    '9'.repeat(308),
    '9'.repeat(400),
    '..',
    'a,b',
    'a/b?c#d',
    '\u001b[31m',
    '\ud800',
  ],
];

/** The JSON of a good value with up to two of the values in it, at any depth, gone or strange. */
export function altered(good: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(...strange), fc.jsonValue({ maxDepth: 2 })));
  return fc.tuple(good, fc.array(change, { maxLength: 2 })).map(([value, changes]) => {
    const whole = { value: structuredClone(value) };
    for (const [at, put] of changes) {
      const places = [...placesIn(whole)];
      const [object, name] = places[at % places.length] ?? [whole, 'value'];
      Reflect.set(object, name, structuredClone(put));
    }
    return JSON.stringify(whole.value);
  });
}

/** JSON as text, with the names that are properties of every object, and the numbers that are none. */
export const wildJson: fc.Arbitrary<string> = mangled(
  fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc
      .dictionary(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'length'), fc.jsonValue())
      .map((value) => JSON.stringify(value)),
    fc.nat({ max: 2_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  ),
);

function changed<T>(good: T, changes: readonly Change<T>[]): T {
  return changes.reduce((result, change) => change(result), good);
}

function splicing(at: number, count: number, put: (cut: string) => string): Change<string> {
  return (text) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + put(text.slice(from, from + count)) + text.slice(from + count);
  };
}

function moving(at: number, to: number): Change<string> {
  return (text) => {
    const [from, until] = [at % (text.length + 1), to % (text.length + 1)].sort((one, other) => one - other);
    return text.slice(until) + text.slice(from, until) + text.slice(0, from);
  };
}

function splicingBytes(at: number, count: number, put: (cut: readonly number[]) => readonly number[]): Change<Buffer> {
  return (bytes) => {
    const from = at % (bytes.length + 1);
    const cut = [...bytes.subarray(from, from + count)];
    return Buffer.concat([bytes.subarray(0, from), Buffer.from(put(cut)), bytes.subarray(from + count)]);
  };
}

function* placesIn(value: unknown): Generator<readonly [object, string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [value, name];
    yield* placesIn(inner);
  }
}

function swappedCase(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
}
