import * as z from 'zod';
import { nonEmpty } from '../../options.js';
import { klingProducts, type KlingRequest } from '../klingRequest.js';
import {
  aspectRatio,
  callbackUrl,
  hasFrame,
  image,
  jsonObject,
  maxPromptLength,
  mode,
  onlyWith,
  parseBy,
  promptUpTo,
  someFrame,
  sound,
  textUpTo,
} from './requestFields.js';

const text = textUpTo(maxPromptLength);
const prompt = promptUpTo(maxPromptLength);
const share = z.number().min(0).max(1);
const duration = z
  .union([z.enum(['5', '10']), z.literal([5, 10])], { error: "must be 5 or 10 (seconds); api: 'new' takes more" })
  .transform((seconds) => (Number(seconds) === 5 ? '5' : '10'));

const anyTask = {
  negative_prompt: text.optional(),
  callback_url: callbackUrl.optional(),
};
const anyVideo = {
  ...anyTask,
  model_name: z.optional(nonEmpty),
  cfg_scale: share.optional(),
  mode: mode.optional(),
  duration: duration.optional(),
  camera_control: jsonObject.optional(),
  sound: sound.optional(),
  resolution: onlyWith('new'),
  multi_shot: onlyWith('new'),
  watermark_info: onlyWith('new'),
};

const v1Request: z.ZodType<KlingRequest> = z.discriminatedUnion(
  'product',
  [
    z.strictObject({ product: z.literal('text2video'), ...anyVideo, prompt, aspect_ratio: aspectRatio.optional() }),
    z
      .strictObject({
        product: z.literal('image2video'),
        ...anyVideo,
        prompt: prompt.optional(),
        image: z.optional(image),
        image_tail: z.optional(image),
      })
      .refine(hasFrame, someFrame),
    z.strictObject({
      product: z.literal('images'),
      ...anyTask,
      model_name: z.optional(nonEmpty),
      prompt,
      n: z.int().min(1).max(9).optional(),
      aspect_ratio: z
        .string()
        .regex(/^\d+:\d+$/, { error: 'must be like "16:9"' })
        .optional(),
      resolution: z.optional(nonEmpty),
      image: z.optional(image),
      image_reference: z.optional(nonEmpty),
      image_fidelity: share.optional(),
      human_fidelity: share.optional(),
    }),
    z.strictObject({
      product: z.literal('video-extend'),
      ...anyTask,
      prompt: prompt.optional(),
      cfg_scale: share.optional(),
      video_id: nonEmpty,
    }),
  ],
  { error: `must be one of ${klingProducts.join(', ')}` },
);

/** Checks a request for `/v1`. @throws OptionsError */
export function parseV1Request(input: unknown): KlingRequest {
  return parseBy(v1Request, input);
}
