import { readFileSync } from 'node:fs';

/** A ```ts block of the README, as it stands there. */
export interface Example {
  /** The heading above it. */
  readonly title: string;
  readonly code: string;
}

/** What an example prints. Where nothing is said, it has to end by itself, with code 0 and no complaint. */
export interface Expectation {
  /** A piece of its code that no other example has. */
  readonly of: string;
  /** All that it prints, line by line; in any order where `isUnordered`. */
  readonly lines?: readonly string[];
  readonly isUnordered?: true;
  /** What it prints somewhere. */
  readonly prints?: readonly RegExp[];
  /** It has no end that could be waited for: it is stopped after this many lines. */
  readonly stopAfter?: number;
  /** How many times as fast its time goes by. @defaultValue 40 */
  readonly speed?: number;
}

export function examples(): readonly Example[] {
  const text = readFileSync('README.md', 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ index, 1: code = '' }) => {
    const title = /^#+ (.*)$/m.exec(text.slice(text.slice(0, index).lastIndexOf('\n#') + 1))?.[1] ?? 'the first';
    return { title, code };
  });
}

const numbers = Array.from({ length: 100 }, (_, index) => String(index + 1));

/** Prompts, tasks and servers are those of newUser.test.ts. */
export const expectations: readonly Expectation[] = [
  { of: "readFileSync('prompts.txt'", prints: [/^a lighthouse succeeded \[/m, /^a cat succeeded \[/m] },
  { of: 'range(1, 100)', lines: numbers },
  { of: 'concurrencyLimit((url, _index, { signal })', lines: ['200', '200'] },
  { of: 'classify: classifyHttp }', lines: ['{ answer: 42 }'] },
  { of: 'pollUntilDone({', lines: ["{ state: 'done' }"] },
  { of: 'pullFrom(prompts()', lines: numbers.map(() => '200'), stopAfter: 100 },
  { of: 'tiers.enterprise({ concurrent: 12', prints: [/^\S+ queued$/m, /^\S+ ended$/m, /^succeeded undefined$/m] },
  {
    of: "fileJournal({ directory: 'monday' })",
    lines: ['a cat that yawns succeeded false', 'a lighthouse in a storm succeeded false'],
    isUnordered: true,
  },
  { of: 'limiterEvents(limiter)', prints: [/^200 0 \[/m] },
  { of: "createClient({ url: 'redis://localhost:6379' })", lines: [] },
  { of: 'createRequestQueue({', prints: [/^200$/m, /^a lighthouse in a storm /m] },
  { of: 'startSimulator({', prints: [/^succeeded\nsucceeded\n[12]$/m], speed: 1 },
];

export function expectationOf({ code }: Example): Expectation | undefined {
  return expectations.find((it) => code.includes(it.of));
}
