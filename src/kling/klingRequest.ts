import { z } from 'zod';
import { OptionsError } from '../errors.js';
import { parseOptions } from '../options.js';

/** What Kling makes, and the endpoint that makes it. */
export const endpoints = {
  text2video: '/v1/videos/text2video',
  image2video: '/v1/videos/image2video',
  images: '/v1/images/generations',
  'video-extend': '/v1/videos/video-extend',
} as const;

export type KlingProduct = keyof typeof endpoints;

const maxPromptLength = 2_500;

const text = z.string().refine((value) => Array.from(value).length <= maxPromptLength, {
  error: ({ input }) => `must be at most ${maxPromptLength} characters, and has ${Array.from(String(input)).length}`,
});
const prompt = text.refine((value) => /\S/.test(value), { error: 'must not be empty' });
const image = z
  .string()
  .min(1)
  .refine((value) => !value.startsWith('data:'), { error: 'must be a URL, or base64 without the "data:...," prefix' });
const share = z.number().min(0).max(1);
const duration = z
  .union([z.enum(['5', '10']), z.literal([5, 10])], { error: 'must be 5 or 10 (seconds)' })
  .transform((seconds) => (Number(seconds) === 5 ? '5' : '10'));

const anyTask = {
  negative_prompt: text.optional(),
  callback_url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
};
const anyVideo = {
  ...anyTask,
  model_name: z.string().min(1).optional(),
  cfg_scale: share.optional(),
  mode: z.enum(['std', 'pro']).optional(),
  duration: duration.optional(),
  camera_control: z.record(z.string(), z.unknown()).optional(),
  sound: z.enum(['on', 'off']).optional(),
};

const klingRequest = z.discriminatedUnion(
  'product',
  [
    z.strictObject({
      product: z.literal('text2video'),
      ...anyVideo,
      prompt,
      aspect_ratio: z.enum(['16:9', '9:16', '1:1']).optional(),
    }),
    z
      .strictObject({
        product: z.literal('image2video'),
        ...anyVideo,
        prompt: prompt.optional(),
        image: image.optional(),
        image_tail: image.optional(),
      })
      .refine((request) => request.image !== undefined || request.image_tail !== undefined, {
        path: ['image'],
        error: 'must be given (or image_tail)',
      }),
    z.strictObject({
      product: z.literal('images'),
      ...anyTask,
      model_name: z.string().min(1).optional(),
      prompt,
      n: z.int().min(1).max(9).optional(),
      aspect_ratio: z
        .string()
        .regex(/^\d+:\d+$/, { error: 'must be like "16:9"' })
        .optional(),
      resolution: z.string().min(1).optional(),
      image: image.optional(),
      image_reference: z.string().min(1).optional(),
      image_fidelity: share.optional(),
      human_fidelity: share.optional(),
    }),
    z.strictObject({
      product: z.literal('video-extend'),
      ...anyTask,
      prompt: prompt.optional(),
      cfg_scale: share.optional(),
      video_id: z.string().min(1),
    }),
  ],
  { error: `must be one of ${Object.keys(endpoints).join(', ')}` },
);

/**
 * One task, in Kling's own words (its `/v1` fields, snake_case) beside `product`. `duration` is kept as Kling's string.
 * `model_name` is any name, and Kling's choice where it is left out: models come and go. `external_task_id` is not
 * among the fields: it is chosen, written down and sent by whoever submits.
 */
export type KlingRequest = z.output<typeof klingRequest>;

/**
 * Checks a request: a bare string is the prompt of a text-to-video task, and so is an object that names no product.
 *
 * @throws OptionsError naming the first field that is wrong, unknown fields included.
 */
export function parseKlingRequest(input: unknown): KlingRequest {
  const given = typeof input === 'string' ? { prompt: input } : input;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionsError('Kling request: must be a prompt (a string) or an object', '');
  }
  return parseOptions(klingRequest, { product: 'text2video', ...given }, 'Kling request');
}

/** How many task slots a request holds while it runs: a video 1, images one each. */
export function slotsOf(request: KlingRequest): number {
  return request.product === 'images' ? (request.n ?? 1) : 1;
}
