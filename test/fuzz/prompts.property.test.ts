import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePrompts } from '../../bin/prompts.js';
import { readSettings, refuseOthers } from '../../bin/settings.js';
import { harmless } from '../../bin/text.js';
import { UsageError } from '../../bin/usageError.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import { canonicalJson } from '../../src/tasks/identity.js';
import { runs } from '../runs.js';
import { expectHarmless, expectLinear, expectUnpolluted, outcomeOf } from './expectations.js';
import { altered, mangled, mangledBytes, wildJson } from './mangled.js';

const requests = fc.constantFrom<object>(
  { id: 'a-1', prompt: 'a cat', mode: 'pro', duration: '10', camera_control: { type: 'simple', config: { zoom: 1 } } },
  { product: 'image2video', image: 'https://e.org/cat.png', prompt: 'the cat yawns', callback_url: 'https://e.org/' },
  { product: 'images', prompt: 'a cat', n: 3, aspect_ratio: '16:9', image_fidelity: 0.5 },
  { product: 'video-extend', video_id: 'v-1', cfg_scale: 0.5 },
  { prompt: 'a cat', model_name: 'kling-3.0', resolution: '4k', multi_shot: true, watermark_info: { enabled: true } },
);
const line = fc.oneof(
  { weight: 3, arbitrary: altered(requests) },
  mangled(requests.map((it) => JSON.stringify(it))),
  wildJson.map((value) => `{"prompt":"a cat","camera_control":${value}}`),
  mangled(fc.constantFrom('a lighthouse in fog', 'eine Katze, die gähnt', '猫があくびをする')),
);
const file = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => Buffer.from(lines.join('\n')));
const name = fc.constantFrom('a.txt', 'a.jsonl', 'standard input');
const api = fc.constantFrom<KlingApi>('v1', 'new');

/** Whatever it was, it was told in so many lines, as people will see them. */
function expectUsage(error: unknown, mostLines: number): void {
  expect(error).toBeInstanceOf(UsageError);
  const lines = (error as UsageError).message.split('\n');
  expect(lines.length).toBeLessThanOrEqual(mostLines);
  for (const each of lines) expectHarmless(harmless(each));
}

describe('a file of prompts, of any bytes', () => {
  it('should never be anything but prompts that are read as the same again, or lines that say what is wrong', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(file, mangledBytes(file)), name, api, (bytes, of, standard) => {
        const outcome = outcomeOf(() => parsePrompts(bytes, of, {}, standard));
        expectUnpolluted(outcome);
        if ('error' in outcome) {
          expectUsage(outcome.error, 11);
          return;
        }
        read += outcome.value.length;
        const lines = outcome.value.map(({ request, id }) => canonicalJson({ ...request, id }));
        expect(parsePrompts(Buffer.from(lines.join('\n')), 'again.jsonl', {}, standard)).toEqual(outcome.value);
      }),
      runs(500),
    );
    expect(read).toBeGreaterThan(50);
  });

  it('should never take longer to read than it is long', () => {
    for (const piece of [' ', '\r', '\n', '{', '[', '"', '\\', 'a', '\0', '\u202e', '\ud83e\udd8a']) {
      for (const of of ['a.txt', 'a.jsonl']) {
        expectLinear(
          (text) => parsePrompts(Buffer.from(text), of, {}),
          (length) => piece.repeat(length / piece.length),
        );
      }
    }
  });
});

describe('a run.json, of any bytes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('should never be anything but settings that are compared name by name, or one line that says what is wrong', () => {
    const settings = { '--api': 'v1', '--model': 'kling-v2', '--negative-prompt': 'rain' };
    const good = fc.constant({ format: 1, settings });
    const text = fc.oneof(
      altered(good),
      mangled(
        good.map((it) => JSON.stringify(it)),
        '"\\u001b[2J":"",',
        '"\\n":"",',
      ),
      wildJson,
    );
    fc.assert(
      fc.property(text, (content) => {
        writeFileSync(join(directory, 'run.json'), content);
        const outcome = outcomeOf(() => readSettings(directory));
        expectUnpolluted(outcome);
        if ('error' in outcome) {
          expectUsage(outcome.error, 1);
          return;
        }
        const before = outcome.value ?? {};
        expect(outcomeOf(() => refuseOthers(directory, before, before))).toEqual({ value: undefined });
        const differing = outcomeOf(() => refuseOthers(directory, before, settings));
        const isSame = canonicalJson(before) === canonicalJson(settings);
        expect('error' in differing).toBe(!isSame);
        if ('error' in differing) expectUsage(differing.error, 1);
      }),
      runs(150),
    );
  });

  it('should never be passed for other settings, nor be refused for its own', () => {
    const names = fc.constantFrom('--api', '--model', 'constructor', '__proto__', 'toString');
    const settings = fc.dictionary(names, fc.constantFrom('a', 'b'), { maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(settings, settings, (before, now) => {
        const outcome = outcomeOf(() => refuseOthers(directory, before, now));
        expect('error' in outcome).toBe(canonicalJson(before) !== canonicalJson(now));
        if ('error' in outcome) expectUsage(outcome.error, 1);
      }),
      runs(200),
    );
  });
});
