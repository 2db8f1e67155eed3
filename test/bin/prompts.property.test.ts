import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrompts } from '../../bin/prompts.js';
import { UsageError } from '../../bin/usageError.js';
import { runs } from '../runs.js';

const names = fc.constantFrom('a.txt', 'a.jsonl', 'standard input');
const lines = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.record({ prompt: fc.string(), id: fc.string() }, { requiredKeys: [] }).map((line) => JSON.stringify(line)),
  fc
    .dictionary(fc.constantFrom('prompt', 'product', 'id', '__proto__', 'constructor', 'mode', 'n'), fc.jsonValue())
    .map((line) => JSON.stringify(line)),
);
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.array(lines).map((all) => new TextEncoder().encode(all.join('\n'))),
);

describe('parsePrompts', () => {
  it('should never do anything with any bytes but give prompts or say what is wrong, on lines without control codes', () => {
    fc.assert(
      fc.property(contents, names, (bytes, name) => {
        try {
          const prompts = parsePrompts(bytes, name, { mode: 'pro' });
          expect(prompts.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          const message = (error as UsageError).message.split('\n');
          expect(message.length).toBeLessThanOrEqual(11);
          for (const line of message) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]{1,400}$/u);
        }
      }),
      runs(1_000),
    );
  });

  it('should always give every prompt of a text once, in order, whatever its line ends', () => {
    const prompt = fc.string({ minLength: 1 }).filter((text) => text.trim() === text && !/[\p{Cc}\ufffd]/u.test(text));
    const end = fc.constantFrom('\n', '\r\n', '\r', '\n\n', ' \n\t\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(prompt, end), { minLength: 1 }), fc.boolean(), (file, hasMark) => {
        const text = (hasMark ? '\ufeff' : '') + file.flat().join('');
        const prompts = parsePrompts(new TextEncoder().encode(text), 'a.txt', {});
        expect(prompts.map(({ request }) => request.prompt)).toEqual(file.map(([line]) => line));
      }),
    );
  });

  it('should never take a file with one bad line anywhere', () => {
    const good = '{"prompt":"a"}';
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), (before, after) => {
        const file = [...Array<string>(before).fill(good), '{', ...Array<string>(after).fill(good)].join('\n');
        expect(() => parsePrompts(new TextEncoder().encode(file), 'a.jsonl', {})).toThrow(
          new RegExp(`^a\\.jsonl:${before + 1}: is not JSON`),
        );
      }),
    );
  });
});
