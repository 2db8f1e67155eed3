import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { estimateCredits } from '../../src/kling/credits.js';
import { slotsOf } from '../../src/kling/klingRequest.js';
import { parseKlingRequest } from '../../src/kling/parseKlingRequest.js';

/** It holds itself. */
const endless: Record<string, unknown> = {};
endless['again'] = endless;

describe('parseKlingRequest', () => {
  it('takes a bare string for the prompt of a text-to-video task', () => {
    expect(parseKlingRequest('A cat')).toEqual({ product: 'text2video', prompt: 'A cat' });
  });

  it('takes an object without a product for a text-to-video task', () => {
    expect(parseKlingRequest({ prompt: 'A cat', mode: 'pro' })).toEqual({
      product: 'text2video',
      prompt: 'A cat',
      mode: 'pro',
    });
  });

  it.each([
    {
      product: 'text2video',
      prompt: 'p',
      model_name: 'kling-v9',
      negative_prompt: 'n',
      cfg_scale: 0.5,
      mode: 'std',
      duration: '10',
      aspect_ratio: '9:16',
      camera_control: { type: 'simple', config: { zoom: 3 } },
      sound: 'on',
      callback_url: 'https://example.org/hook',
    },
    { product: 'image2video', image: 'https://example.org/a.png', image_tail: 'aGVsbG8=' },
    { product: 'image2video', image_tail: 'aGVsbG8=', prompt: 'p' },
    { product: 'images', prompt: 'p', n: 9, resolution: '2k', aspect_ratio: '21:9', image: 'aGVsbG8=' },
    { product: 'video-extend', video_id: 'v-1', prompt: 'p' },
  ])('takes every documented field, and parses what it has parsed: %o', (request) => {
    expect(parseKlingRequest(request)).toEqual(request);
    expect(parseKlingRequest(parseKlingRequest(request))).toEqual(request);
  });

  it.each([
    [5, '5'],
    [10, '10'],
    ['5', '5'],
  ])('takes a duration of %o', (given, duration) => {
    expect(parseKlingRequest({ prompt: 'p', duration: given })).toHaveProperty('duration', duration);
  });

  it('counts the characters of a prompt, not their halves', () => {
    expect(parseKlingRequest('🎬'.repeat(2_500))).toHaveProperty('product', 'text2video');
  });

  it.each([
    ['', 'prompt', 'must not be empty'],
    ['  \n', 'prompt', 'must not be empty'],
    ['x'.repeat(3_000), 'prompt', 'at most 2500 characters, and has 3000'],
    [{ prompt: 7 }, 'prompt', 'string'],
    [{ product: 'images' }, 'prompt', 'string'],
    [{ prompt: 'p', duration: 7 }, 'duration', 'must be 5 or 10'],
    [{ prompt: 'p', mode: 'fast' }, 'mode', 'std'],
    [{ prompt: 'p', cfg_scale: 2 }, 'cfg_scale', '1'],
    [{ prompt: 'p', aspect_ratio: '4:3' }, 'aspect_ratio', '16:9'],
    [{ prompt: 'p', callback_url: 'javascript:alert(1)' }, 'callback_url', 'http'],
    [{ prompt: 'p', external_task_id: 'mine' }, '', 'external_task_id'],
    [{ prompt: 'p', promt: 'q' }, '', 'promt'],
    [{ prompt: 'p', duration: 7 }, 'duration', "api: 'new' takes more"],
    [{ prompt: 'p', resolution: '1080p' }, 'resolution', "use api: 'new'"],
    [{ prompt: 'p', multi_shot: true }, 'multi_shot', "use api: 'new'"],
    [{ prompt: 'p', watermark_info: {} }, 'watermark_info', "use api: 'new'"],
    [{ prompt: 'p', camera_control: endless }, 'camera_control', 'JSON'],
    [{ product: 'audio', prompt: 'p' }, 'product', 'text2video, image2video, images, video-extend'],
    [{ product: 'image2video', prompt: 'p' }, 'image', 'must be given'],
    [{ product: 'image2video', image: 'data:image/png;base64,aGVsbG8=' }, 'image', 'without the "data:'],
    [{ product: 'images', prompt: 'p', n: 10 }, 'n', '9'],
    [{ product: 'video-extend', prompt: 'p' }, 'video_id', 'string'],
    [42, '', 'must be a prompt'],
    [null, '', 'must be a prompt'],
    [['p'], '', 'must be a prompt'],
  ])('refuses %o', (input, path, words) => {
    const error = refusalOf(() => parseKlingRequest(input));
    expect(error.path).toBe(path);
    expect(error.message).toContain(words);
  });
});

describe('parseKlingRequest for the new API', () => {
  const parse = (input: unknown) => parseKlingRequest(input, { api: 'new' });

  it('names the model by default, so that it makes no difference whether it was named', () => {
    expect(parse('A cat')).toEqual({ product: 'text2video', prompt: 'A cat', model_name: 'kling-3.0-turbo' });
    expect(parse({ prompt: 'A cat', model_name: 'kling-3.0-turbo' })).toEqual(parse('A cat'));
  });

  it.each([
    {
      product: 'text2video',
      callback_url: 'https://example.org/hook',
      model_name: 'kling-9 any',
      resolution: '1080p',
      duration: '7',
      sound: 'off',
      multi_shot: false,
      watermark_info: { enabled: true },
      prompt: 'p',
      aspect_ratio: '1:1',
    },
    { product: 'image2video', model_name: 'kling-2.6', mode: 'pro', image: 'aGVsbG8=', image_tail: 'aGVsbG8=' },
  ])('takes every field that it can send, and parses what it has parsed: %o', (request) => {
    expect(parse(request)).toEqual(request);
    expect(parse(parse(request))).toEqual(request);
  });

  it.each([
    [undefined, [3, '3', 4, 15, '15']],
    ['kling-3.0', [3, 10, 15]],
    ['kling-2.6', [5, '10']],
    ['kling-2.5-turbo', ['5', 10]],
    ['kling-4.0', [3, 15]],
  ])('takes with the model %s the durations %o', (model_name, durations) => {
    for (const duration of durations) {
      expect(parse({ prompt: 'p', model_name, duration })).toHaveProperty('duration', String(duration));
    }
  });

  it.each([
    [undefined, 3_072],
    ['kling-3.0', 3_072],
    ['kling-2.6', 2_500],
    ['kling-4.0', 2_500],
  ])('takes with the model %s a prompt of %i characters, and no more', (model_name, length) => {
    expect(parse({ prompt: '🎬'.repeat(length), model_name })).toHaveProperty('product', 'text2video');
    expect(() => parse({ prompt: '🎬'.repeat(length + 1), model_name })).toThrow(
      `prompt: must be at most ${length} characters, and has ${length + 1}`,
    );
  });

  it.each([
    [{ product: 'images', prompt: 'p' }, 'product', "images and video-extend need api: 'v1'"],
    [{ product: 'video-extend', video_id: 'v-1' }, 'product', "images and video-extend need api: 'v1'"],
    [{ prompt: 'p', cfg_scale: 0.5 }, 'cfg_scale', "use api: 'v1'"],
    [{ prompt: 'p', negative_prompt: 'n' }, 'negative_prompt', "use api: 'v1'"],
    [{ prompt: 'p', camera_control: {} }, 'camera_control', "use api: 'v1'"],
    [{ prompt: 'p', duration: 2 }, 'duration', 'must be 3 to 15'],
    [{ prompt: 'p', duration: '16' }, 'duration', 'must be 3 to 15'],
    [{ prompt: 'p', duration: '05' }, 'duration', 'must be 3 to 15'],
    [{ prompt: 'p', duration: 5.5 }, 'duration', 'must be 3 to 15'],
    [{ prompt: 'p', duration: 7, model_name: 'kling-2.6' }, 'duration', 'must be 5 or 10 (seconds) with kling-2.6'],
    [{ prompt: 'p', mode: 'pro', resolution: '720p' }, 'resolution', 'beside mode'],
    [{ prompt: 'p', model_name: '..' }, 'model_name', 'the name of a model'],
    [{ prompt: 'p', model_name: '' }, 'model_name', 'the name of a model'],
    [{ prompt: 'p', watermark_info: { n: 1n } }, 'watermark_info', 'JSON'],
    [{ product: 'image2video', prompt: 'p' }, 'image', 'must be given'],
    [{ product: 'image2video', image: 'aGVsbG8=', aspect_ratio: '1:1' }, '', 'aspect_ratio'],
    ['', 'prompt', 'must not be empty'],
    [{ prompt: 'p', external_task_id: 'mine' }, '', 'external_task_id'],
  ])('refuses %o', (input, path, words) => {
    const error = refusalOf(() => parse(input));
    expect(error.path).toBe(path);
    expect(error.message).toContain(words);
  });

  it('takes a field of the other API that holds nothing for one that is not there', () => {
    expect(JSON.stringify(parse({ prompt: 'p', cfg_scale: undefined }))).toBe(JSON.stringify(parse('p')));
    expect(parseKlingRequest({ prompt: 'p', resolution: undefined })).toStrictEqual(parseKlingRequest('p'));
  });
});

describe('slotsOf and estimateCredits', () => {
  it.each([
    ['A cat', 1, 10],
    [{ prompt: 'p', duration: 10 }, 1, 20],
    [{ prompt: 'p', mode: 'pro' }, 1, 35],
    [{ prompt: 'p', mode: 'pro', duration: 10 }, 1, 70],
    [{ product: 'image2video', image: 'aGVsbG8=' }, 1, 10],
    [{ product: 'images', prompt: 'p' }, 1, 1],
    [{ product: 'images', prompt: 'p', n: 4 }, 4, 4],
    [{ product: 'video-extend', video_id: 'v-1' }, 1, 10],
  ])('weigh %o as %i slots and about %i credits', (input, slots, credits) => {
    expect(slotsOf(parseKlingRequest(input))).toBe(slots);
    expect(estimateCredits(parseKlingRequest(input))).toBe(credits);
  });

  it.each([
    ['A cat', 10],
    [{ prompt: 'p', duration: 15 }, 30],
    [{ prompt: 'p', mode: 'pro' }, 35],
    [{ prompt: 'p', resolution: '720p' }, 10],
    [{ prompt: 'p', resolution: '1080p', duration: 10 }, 70],
  ])('weigh %o of the new API as one slot and about %i credits', (input, credits) => {
    const request = parseKlingRequest(input, { api: 'new' });
    expect(slotsOf(request)).toBe(1);
    expect(estimateCredits(request)).toBe(credits);
  });
});

function refusalOf(parse: () => unknown): OptionsError {
  try {
    parse();
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
