import { expect, it } from 'vitest';
import { inOwnProcess } from '../ownProcess.js';

const script = `
  import { createLimiter, concurrency, pullFrom } from 'DIST/operators/index.js';
  function* sync() { for (let n = 1; n <= 500_000; n++) yield { n, prompt: 'a cat, '.repeat(8) + n }; }
  async function* later() { yield* sync(); }
  const limiter = createLimiter({ limits: [concurrency({ limit: 5 })] });
  let sum = 0;
  pullFrom(SOURCE, async ({ n }) => n, { limiter }).subscribe({
    next: (n) => (sum += n),
    complete: () => process.stdout.write(JSON.stringify({ sum, active: limiter.active, waiting: limiter.waiting })),
  });
`;

it.each([
  { what: 'an iterable', source: 'sync()' },
  { what: 'an asynchronous iterable', source: 'later()' },
])(
  'half a million values of $what go through five permits in a heap of 16 MB',
  async ({ source }) => {
    const ended = await inOwnProcess(script.replace('SOURCE', source), '--max-old-space-size=16');
    expect(ended).toEqual({ sum: 125_000_250_000, active: 0, waiting: 0 });
  },
  60_000,
);
