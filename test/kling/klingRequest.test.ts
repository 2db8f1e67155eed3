import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { estimateCredits } from '../../src/kling/credits.js';
import { parseKlingRequest, slotsOf } from '../../src/kling/klingRequest.js';

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
    [{ product: 'audio', prompt: 'p' }, 'product', 'text2video, image2video, images, video-extend'],
    [{ product: 'image2video', prompt: 'p' }, 'image', 'must be given'],
    [{ product: 'image2video', image: 'data:image/png;base64,aGVsbG8=' }, 'image', 'without the "data:'],
    [{ product: 'images', prompt: 'p', n: 10 }, 'n', '9'],
    [{ product: 'video-extend', prompt: 'p' }, 'video_id', 'string'],
    [42, '', 'must be a prompt'],
    [null, '', 'must be a prompt'],
    [['p'], '', 'must be a prompt'],
  ])('refuses %o', (input, path, words) => {
    const error = refusalOf(input);
    expect(error.path).toBe(path);
    expect(error.message).toContain(words);
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
});

function refusalOf(input: unknown): OptionsError {
  try {
    parseKlingRequest(input);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
