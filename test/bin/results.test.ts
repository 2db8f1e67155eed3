import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultLine, ResultsFile } from '../../bin/results.js';
import { resultOf } from './events.js';
import { scratch } from './sluice.js';

const paid = '{"outputs":[{"type":"video","url":"https://cdn.example.com/1.mp4"}]}\n';
const free =
  '{"prompt":"{\\"url\\":\\"https://example.com\\"}","outputs":[{"type":"video","url":"http://127.0.0.1:1/files/1.mp4"}]}\n';

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
  it('makes the directory, and has a line as soon as it is appended', () => {
    const directory = join(scratch(), 'a/b');
    const results = ResultsFile.open(directory, { simulated: false });
    expect(readFileSync(results.path, 'utf8')).toBe('');
    results.append('{"one":1}');
    expect(readFileSync(results.path, 'utf8')).toBe('{"one":1}\n');
    results.append('{"two":"ü"}');
    results.close();
    expect(readFileSync(join(directory, 'results.jsonl'), 'utf8')).toBe('{"one":1}\n{"two":"ü"}\n');
  });

  it('takes an empty file', () => {
    const directory = scratch();
    const path = write(directory, '');
    ResultsFile.open(directory, { simulated: false }).close();
    expect(statSync(path).size).toBe(0);
  });

  it.each([
    ['paid results', paid, false],
    ['simulated results, for a run that is paid for', free, false],
    ['paid results, for a simulated run', paid, true],
    ['paid results among simulated ones, for a simulated run', free + paid, true],
    ['what is no result', 'notes\n', true],
  ])('never overwrites %s', (_what, content, simulated) => {
    const directory = scratch();
    const path = write(directory, content);
    expect(() => ResultsFile.open(directory, { simulated })).toThrow(
      `${path} holds results already: move it away, or choose another --out; nothing was submitted`,
    );
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('lets a simulated run replace the results of another', () => {
    const directory = scratch();
    const path = write(directory, free + free);
    const results = ResultsFile.open(directory, { simulated: true });
    results.append('{}');
    results.close();
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
  });

  it('says what cannot be written', () => {
    const directory = scratch();
    writeFileSync(join(directory, 'file'), '');
    expect(() => ResultsFile.open(join(directory, 'file/sub'), { simulated: true })).toThrow(
      /file\/sub\/results\.jsonl cannot be written \(ENOTDIR.*\): choose another --out; nothing was submitted$/,
    );
    mkdirSync(join(directory, 'results.jsonl'));
    expect(() => ResultsFile.open(directory, { simulated: true })).toThrow(/cannot be written \(EISDIR/);
    expect(existsSync(join(directory, 'file/sub'))).toBe(false);
  });

  it('tells of a disk that is full, at each line', () => {
    const directory = scratch();
    symlinkSync('/dev/full', join(directory, 'results.jsonl'));
    const results = ResultsFile.open(directory, { simulated: false });
    expect(() => results.append('{}')).toThrow('ENOSPC');
    expect(() => results.append('{}')).toThrow('ENOSPC');
    results.close();
  });
});
