import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Defaults } from '../../bin/promptFlags.js';
import { parsePrompts, readPrompts } from '../../bin/prompts.js';
import { UsageError } from '../../bin/usageError.js';
import { scratch } from './sluice.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (text: string, name = 'prompts.txt'): unknown[] =>
  parsePrompts(bytes(text), name, {}).map(({ request }) => request.prompt);
const refusal = (content: Uint8Array | string, name: string, defaults: Defaults = {}): string => {
  try {
    parsePrompts(typeof content === 'string' ? bytes(content) : content, name, defaults);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('taken');
};

describe('a .txt', () => {
  it.each([
    ['lines', 'a\nb\n', ['a', 'b']],
    ['no end of the last line', 'a\nb', ['a', 'b']],
    ['line ends of Windows', 'a\r\nb\r\n', ['a', 'b']],
    ['line ends of old', 'a\rb\r', ['a', 'b']],
    ['a byte order mark', '\ufeffa\nb', ['a', 'b']],
    ['byte order marks of files that were put together', '\ufeffa\n\ufeffb', ['a', 'b']],
    ['blank lines and blanks around', '\n  a \n\t\n\n b\t\n', ['a', 'b']],
    ['a line that begins with #: no comment', '# a\nb', ['# a', 'b']],
    ['what looks like JSON', '{"prompt":"a"}', ['{"prompt":"a"}']],
    ['a tab within', 'a\tb', ['a\tb']],
    ['any script', 'Ein Fuchs läuft\n一只猫\n🦊', ['Ein Fuchs läuft', '一只猫', '🦊']],
    ['the longest prompt', 'x'.repeat(2_500), ['x'.repeat(2_500)]],
  ])('%s', (_what, text, prompts) => {
    expect(texts(text)).toEqual(prompts);
  });

  it('gets every default', () => {
    const defaults = {
      model_name: 'kling-v2',
      mode: 'pro',
      duration: '10',
      aspect_ratio: '9:16',
      negative_prompt: 'text',
    };
    const [prompt] = parsePrompts(bytes('a'), 'a.txt', defaults);
    expect(prompt?.request).toEqual({ product: 'text2video', prompt: 'a', ...defaults });
  });

  it.each([
    ['nothing', '', 'prompts.txt: there are no prompts in it'],
    ['blanks', ' \n\n\t\n', 'prompts.txt: there are no prompts in it'],
    [
      'too long a prompt',
      `a\n${'x'.repeat(3_000)}`,
      'prompts.txt:2: prompt: must be at most 2500 characters, and has 3000',
    ],
    ['a control character', 'a\nb\u001b[2J', 'prompts.txt:2: holds the control character U+001B'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0]), 'prompts.txt:1: is not UTF-8 text'],
    ['UTF-16 without a mark', new Uint8Array([0x61, 0, 0x62, 0]), 'prompts.txt:1: holds the control character U+0000'],
    ['a bad byte', new Uint8Array([0x61, 0x0a, 0xe4, 0x0a]), 'prompts.txt:2: is not UTF-8 text'],
  ])('%s', (_what, content, words) => {
    expect(refusal(content, 'prompts.txt')).toContain(words);
  });
});

describe('a .jsonl', () => {
  it('has a request a line, in the words of Kling', () => {
    const lines = '{"prompt":"a","duration":10,"id":"shot-1"}\r\n\r\n{"product":"images","prompt":"b","n":3}\r\n';
    expect(parsePrompts(bytes(lines), 'a.jsonl', {})).toEqual([
      { request: { product: 'text2video', prompt: 'a', duration: '10' }, id: 'shot-1' },
      { request: { product: 'images', prompt: 'b', n: 3 } },
    ]);
  });

  it('gets the defaults that its product takes, where it does not say so itself', () => {
    const lines = [
      '{"prompt":"a","duration":"5"}',
      '{"product":"images","prompt":"b"}',
      '{"product":"image2video","image":"https://example.com/a.png"}',
      '{"product":"video-extend","video_id":"1"}',
    ].join('\n');
    const defaults = { model_name: 'm', mode: 'pro', duration: '10', aspect_ratio: '1:1', negative_prompt: 'n' };
    expect(parsePrompts(bytes(lines), 'a.jsonl', defaults).map(({ request }) => request)).toEqual([
      { product: 'text2video', prompt: 'a', ...defaults, duration: '5' },
      { product: 'images', prompt: 'b', model_name: 'm', aspect_ratio: '1:1', negative_prompt: 'n' },
      {
        product: 'image2video',
        image: 'https://example.com/a.png',
        model_name: 'm',
        mode: 'pro',
        duration: '10',
        negative_prompt: 'n',
      },
      { product: 'video-extend', video_id: '1', negative_prompt: 'n' },
    ]);
  });

  it.each([
    ['broken JSON', '{"prompt":', 'is not JSON'],
    ['no object', '"a cat"', 'must be a JSON object'],
    ['a list', '[{"prompt":"a"}]', 'must be a JSON object'],
    ['null', 'null', 'must be a JSON object'],
    ['an unknown key', '{"prompt":"a","promt":"b"}', 'unrecognized key: "promt"'],
    ['an external id', '{"prompt":"a","external_task_id":"b"}', 'unrecognized key: "external_task_id"'],
    ['an unknown product', '{"product":"tts","prompt":"a"}', 'product: must be one of text2video'],
    ['no prompt', '{}', 'prompt: '],
    ['an empty prompt', '{"prompt":"  "}', 'prompt: must not be empty'],
    ['a wrong duration', '{"prompt":"a","duration":7}', 'duration: must be 5 or 10 (seconds)'],
    ['an id with a blank', '{"prompt":"a","id":"a b"}', 'id: must be 1 to 40 characters'],
    ['an id that is too long', `{"prompt":"a","id":"${'a'.repeat(41)}"}`, 'id: must be 1 to 40 characters'],
    ['an id that is a number', '{"prompt":"a","id":1}', 'id: must be 1 to 40 characters'],
    ['a line break in a bad value', '{"prompt":"a","mode":"x\\ny\\u001b[2J"}', 'mode: '],
  ])('%s', (_what, line, words) => {
    const message = refusal(`{"prompt":"a"}\n\n${line}\n`, 'a.jsonl');
    expect(message).toMatch(/^a\.jsonl:3: \P{Cc}+ \(nothing was sent\)$/u);
    expect(message).toContain(words);
  });

  it('has an id for one line alone', () => {
    const lines = '{"prompt":"a","id":"x"}\n\n{"prompt":"b","id":"y"}\n{"prompt":"a","id":"x"}\n';
    expect(refusal(lines, 'a.jsonl')).toBe('a.jsonl:4: id: "x" is that of line 1 already (nothing was sent)');
  });

  it('is read in the words of the other API where that is asked for', () => {
    const line = '{"prompt":"a","duration":7}';
    const read = parsePrompts(bytes(line), 'a.jsonl', { mode: 'pro' }, 'new');
    expect(read.map(({ request }) => request)).toMatchObject([{ duration: '7', mode: 'pro' }]);
    expect(refusal(line, 'a.jsonl')).toMatch(/^a\.jsonl:1: duration: .*--api new/);
  });

  it('tells ten bad lines, and how many there are', () => {
    const lines = refusal('{\n'.repeat(14), 'a.jsonl').split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[9]).toMatch(/^a\.jsonl:10: is not JSON/);
    expect(lines[10]).toBe('14 bad lines, 4 of them not shown; nothing was sent');
    expect(refusal('{\n{\n', 'a.jsonl').split('\n')[2]).toBe('2 bad lines; nothing was sent');
  });
});

describe('any other name', () => {
  it('goes by the first line that is not blank', () => {
    expect(texts('\n{"prompt":"a"}', 'standard input')).toEqual(['a']);
    expect(texts('\na\n{"prompt":"a"}', 'standard input')).toEqual(['a', '{"prompt":"a"}']);
    expect(texts('{"prompt":"a"}', 'PROMPTS.JSONL')).toEqual(['a']);
    expect(texts('{"prompt":"a"}', 'PROMPTS.TXT')).toEqual(['{"prompt":"a"}']);
  });

  it.each([
    ['a.json', '[\n{"prompt":"a"}\n]'],
    ['a.csv', 'prompt,duration\n"a, b",5\n'],
    ['A.TSV', 'prompt\tduration\na\t5\n'],
  ])('but %s is neither: all that is around its prompts would be made into videos', (name, text) => {
    expect(refusal(text, name)).toBe(
      `${name}: must be .jsonl (a JSON object a line) or .txt (a prompt a line, and nothing else)`,
    );
  });

  it('is no JSON array: its brackets, too, would be made into videos', () => {
    const pretty = JSON.stringify([{ prompt: 'a' }], null, 2);
    for (const name of ['-', 'prompts', 'a.jsonl']) {
      expect(refusal(pretty, name)).toBe(
        `${name}: is a JSON array; it must be a JSON object a line (jq -c '.[]' makes them)`,
      );
    }
    expect(texts('[a cat] sleeps', '-')).toEqual(['[a cat] sleeps']);
    expect(texts('["a"]', 'a.txt')).toEqual(['["a"]']);
  });
});

describe('readPrompts', () => {
  it('reads a file', async () => {
    const file = join(scratch(), 'a.txt');
    writeFileSync(file, 'a\nb\n');
    expect(await readPrompts(file, { mode: 'pro' })).toMatchObject([
      { request: { prompt: 'a', mode: 'pro' } },
      { request: { prompt: 'b', mode: 'pro' } },
    ]);
  });

  it('says what it cannot read', async () => {
    const directory = scratch();
    mkdirSync(join(directory, 'd.txt'));
    await expect(readPrompts(join(directory, 'no.txt'), {})).rejects.toThrow(/no\.txt: there is no such file$/);
    await expect(readPrompts(join(directory, 'd.txt'), {})).rejects.toThrow(/d\.txt: is a directory/);
  });

  it.each([
    [{ duration: '7' }, '--duration: must be 5 or 10 (seconds); --api new takes more (got "7")'],
    [{ mode: 'best' }, '--mode: '],
    [{ aspect_ratio: '4:3' }, '--aspect-ratio: '],
    [{ model_name: '' }, '--model: '],
    [{ negative_prompt: 'x'.repeat(3_000) }, '--negative-prompt: must be at most 2500 characters'],
  ])('tells a bad default by its flag, before anything is read: %j', async (defaults, words) => {
    await expect(readPrompts('there is no such file', defaults)).rejects.toThrow(words);
  });
});
