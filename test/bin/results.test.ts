import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultLine } from '../../bin/resultLine.js';
import { refuseResults, ResultsFile } from '../../bin/results.js';
import { resultOf } from './events.js';
import { scratch } from './sluice.js';

const paid = '{"outputs":[{"type":"video","url":"https://cdn.example.com/1.mp4"}]}\n';
const free =
  '{"prompt":"{\\"url\\":\\"https://example.com\\"}","outputs":[{"type":"video","url":"http://127.0.0.1:1/files/1.mp4"}]}\n';

const failed = '{"prompt":"a [fail]","status":"failed","outputs":[]}\n';

const write = (directory: string, content: string): string => {
  const path = join(directory, 'results.jsonl');
  writeFileSync(path, content);
  return path;
};

describe('resultLine', () => {
  it('has the fields that scripts know, in their order', () => {
    const outputs = [{ type: 'video', url: 'https://example.com/1.mp4', durationMs: 5_041 }] as const;
    expect(resultLine(resultOf({ status: 'succeeded', outputs }))).toBe(
      '{"index":0,"id":"ours-1","prompt":"a cat","status":"succeeded","taskId":"theirs-1",' +
        '"outputs":[{"type":"video","url":"https://example.com/1.mp4","durationMs":5041}],' +
        '"attempts":1,"submittedAtMs":1000,"endedAtMs":44000}',
    );
  });

  it('says why there is none, and is one line whatever the prompt', () => {
    const error = { meaning: 'policy', code: 'SLUICE_KLING', message: 'no\nway' } as const;
    const prompt = { product: 'text2video', prompt: 'a\n"b"\u2028' } as const;
    const line = resultLine(resultOf({ status: 'failed', prompt, error }));
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({ prompt: prompt.prompt, error });
    const image = { product: 'image2video', image: 'https://example.com/a.png' } as const;
    expect(JSON.parse(resultLine(resultOf({ status: 'failed', prompt: image, error })))).toMatchObject({ prompt: '' });
  });
});

describe('ResultsFile', () => {
  it('makes the directory, and has a line as soon as it is added', () => {
    const directory = join(scratch(), 'a/b');
    const results = ResultsFile.open(directory);
    expect(readFileSync(results.path, 'utf8')).toBe('');
    results.add('1', '{"id":"1"}');
    expect(readFileSync(results.path, 'utf8')).toBe('{"id":"1"}\n');
    results.add('2', '{"id":"2","prompt":"ü"}');
    results.close();
    expect(readFileSync(join(directory, 'results.jsonl'), 'utf8')).toBe('{"id":"1"}\n{"id":"2","prompt":"ü"}\n');
  });

  it('goes on with what is there, and never has a second line of an id', () => {
    const directory = scratch();
    const path = write(directory, '{"id":"1"}\nnotes of somebody\n{"id":"2"}\n');
    const results = ResultsFile.open(directory);
    for (const id of ['1', '3', '2', '3']) results.add(id, JSON.stringify({ id, again: true }));
    results.close();
    expect(readFileSync(path, 'utf8')).toBe('{"id":"1"}\nnotes of somebody\n{"id":"2"}\n{"id":"3","again":true}\n');
  });

  it('takes away a last line that was not written to its end, wherever it was cut off, and keeps the others', () => {
    const [first, last] = ['{"id":"1","prompt":"ü"}\n', '{"id":"2","prompt":"ü"}\n'].map((line) => Buffer.from(line));
    for (let length = 0; length < last!.length; length += 1) {
      const directory = scratch();
      const path = join(directory, 'results.jsonl');
      writeFileSync(path, Buffer.concat([first!, last!.subarray(0, length)]));
      const results = ResultsFile.open(directory);
      expect(readFileSync(path)).toEqual(first);
      results.add('2', last!.toString().trimEnd());
      results.close();
      expect(readFileSync(path)).toEqual(Buffer.concat([first!, last!]));
    }
  });

  it('takes an empty file', () => {
    const directory = scratch();
    const path = write(directory, '');
    ResultsFile.open(directory).close();
    expect(statSync(path).size).toBe(0);
  });

  it.each([
    ['paid results', paid],
    ['paid results among simulated ones', free + paid],
    ['what is no result', 'notes\n'],
    ['what is no result after one that has failed', `${failed}null\n`],
  ])('is never replaced by a simulated run: %s', (_what, content) => {
    const directory = scratch();
    const path = write(directory, content);
    const words = `${path} holds results already: move it away, or choose another --out; nothing was submitted`;
    expect(() => ResultsFile.replace(directory)).toThrow(words);
    expect(() => refuseResults(directory)).toThrow(words);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it.each([
    ['where all has failed', failed + failed],
    ['where some has', free + failed + free],
    ['where none has', free + free],
  ])('lets a simulated run replace the results of another, %s', (_where, content) => {
    const directory = scratch();
    const path = write(directory, content);
    const results = ResultsFile.replace(directory);
    results.add('1', '{}');
    results.close();
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
  });

  it('says what cannot be written', () => {
    const directory = scratch();
    writeFileSync(join(directory, 'file'), '');
    for (const how of ['open', 'replace'] as const) {
      expect(() => ResultsFile[how](join(directory, 'file/sub'))).toThrow(
        /file\/sub\/results\.jsonl cannot be written \(ENOTDIR.*\): choose another --out; nothing was submitted$/,
      );
    }
    mkdirSync(join(directory, 'results.jsonl'));
    expect(() => ResultsFile.open(directory)).toThrow(/cannot be written \(EISDIR/);
    expect(existsSync(join(directory, 'file/sub'))).toBe(false);
  });

  it('tells of a disk that is full, at each line', () => {
    const directory = scratch();
    symlinkSync('/dev/full', join(directory, 'results.jsonl'));
    const results = ResultsFile.open(directory);
    expect(() => results.add('1', '{}')).toThrow('ENOSPC');
    expect(() => results.add('1', '{}')).toThrow('ENOSPC');
    results.close();
  });
});
