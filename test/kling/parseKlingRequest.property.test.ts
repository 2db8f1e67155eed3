import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import { parseKlingRequest } from '../../src/kling/parseKlingRequest.js';
import { runs } from '../runs.js';

const apis = ['v1', 'new'] as const;
const json = fc.jsonValue({ maxDepth: 3 });
const object = fc.dictionary(fc.string(), json, { maxKeys: 4 });
const fields = [
  'product',
  'prompt',
  'model_name',
  'negative_prompt',
  'cfg_scale',
  'mode',
  'resolution',
  'duration',
  'sound',
  'camera_control',
  'multi_shot',
  'watermark_info',
  'callback_url',
  'image',
  'n',
  'video_id',
];

const video = {
  prompt: fc.string({ minLength: 1 }).filter((text) => /\S/.test(text)),
  duration: fc.constantFrom<unknown>('5', '10', 5, 10),
  sound: fc.constantFrom('on', 'off', undefined),
  callback_url: fc.constantFrom('https://example.org/hook', undefined),
  model_name: fc.constantFrom('kling-2.6', 'kling-3.0', 'kling-v9', undefined),
  mode: fc.constantFrom('std', 'pro', undefined),
};
/** Requests that are good at the one standard and the other. */
const good: Readonly<Record<KlingApi, fc.Arbitrary<object>>> = {
  v1: fc.record(
    { ...video, cfg_scale: fc.double({ min: 0, max: 1, noNaN: true }), camera_control: object },
    {
      requiredKeys: ['prompt'],
    },
  ),
  new: fc.record({ ...video, multi_shot: fc.boolean(), watermark_info: object }, { requiredKeys: ['prompt'] }),
};
const anything = fc.oneof(
  json,
  fc.dictionary(fc.constantFrom(...fields), json),
  fc.record({ product: fc.constantFrom('text2video', 'images', 'image2video', 'video-extend'), prompt: fc.string() }),
);

describe.each(apis)('parseKlingRequest for %s', (api) => {
  const parse = (input: unknown) => parseKlingRequest(input, { api });

  it('should never do anything with an input but parse it, to what it parses to again, or refuse it', () => {
    fc.assert(
      fc.property(fc.oneof(anything, good[api]), (given) => {
        let request;
        try {
          request = parse(given);
        } catch (error) {
          expect(error).toBeInstanceOf(OptionsError);
          return;
        }
        expect(parse(request)).toStrictEqual(request);
        expect(parse(JSON.parse(JSON.stringify(request)))).toStrictEqual(JSON.parse(JSON.stringify(request)));
      }),
      runs(500),
    );
  });

  it('should always make of equal requests equal JSON, in whatever order and words they are given', () => {
    fc.assert(
      fc.property(good[api], fc.infiniteStream(fc.nat()), (given, order) => {
        expect(JSON.stringify(parse(reworded(given, order)))).toBe(JSON.stringify(parse(given)));
      }),
      runs(300),
    );
  });
});

/** The same request with its names shuffled at every depth, its duration in the other form, and an empty field added. */
function reworded(given: object, order: IterableIterator<number>): object {
  const { duration, ...others } = given as { readonly duration?: string | number };
  const other = typeof duration === 'string' ? Number(duration) : duration?.toFixed(0);
  return shuffled({ duration: other, aspect_ratio: undefined, ...others }, order) as object;
}

function shuffled(value: unknown, order: IterableIterator<number>): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, order));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, each]) => ({ name, each: shuffled(each, order), place: order.next().value as number }))
      .sort((one, other) => one.place - other.place)
      .map(({ name, each }) => [name, each] as const),
  );
}
