import * as z from 'zod';
import { nonEmpty } from '../options.js';
import {
  callbackUrl,
  defaultSeconds,
  externalId,
  invalid,
  isWithin,
  maxPromptLength,
  notBlank,
  ratio,
  tooLong,
  type OrderReading,
} from './orderFields.js';
import type { V1Product } from './orders.js';

const isShort = (text: string): boolean => isWithin(maxPromptLength, text);
const short = { error: tooLong(maxPromptLength) };
const prompt = notBlank.refine(isShort, short);
const optionalPrompt = z.string().refine(isShort, short).optional();
const image = nonEmpty.check(
  z.refine((value) => !value.startsWith('data:'), { error: 'must be a URL, or base64 without a data: prefix' }),
);

const anyOrder = {
  model_name: z.optional(nonEmpty),
  negative_prompt: optionalPrompt,
  callback_url: callbackUrl.optional(),
  external_task_id: externalId.optional(),
};
const anyVideo = {
  ...anyOrder,
  cfg_scale: z.number().min(0).max(1).optional(),
  mode: z.enum(['std', 'pro']).default('std'),
  duration: z.enum(['5', '10']).default(`${defaultSeconds}`),
  aspect_ratio: z.enum(['16:9', '9:16', '1:1']).optional(),
};

const text2video = z.object({ ...anyVideo, prompt });
const image2video = z
  .object({ ...anyVideo, prompt: optionalPrompt, image: z.optional(image), image_tail: z.optional(image) })
  .refine((body) => body.image !== undefined || body.image_tail !== undefined, {
    path: ['image'],
    error: 'must be given, or image_tail',
  });
const videoExtend = z.object({ ...anyVideo, prompt: optionalPrompt, video_id: nonEmpty });
const videoSchemas = {
  'videos/text2video': text2video,
  'videos/image2video': image2video,
  'videos/video-extend': videoExtend,
};
const generations = z.object({
  ...anyOrder,
  prompt,
  n: z.int().min(1).max(9).default(1),
  aspect_ratio: ratio.optional(),
  resolution: z.enum(['1k', '2k']).optional(),
  image: z.optional(image),
});

/** Reads the flat body of `/v1`; fields that its documentation does not name are ignored. */
export function readV1Order(product: V1Product, body: object): OrderReading {
  return product === 'images/generations' ? readImages(body) : readVideo(product, body);
}

function readVideo(product: Exclude<V1Product, 'images/generations'>, body: object): OrderReading {
  const parsed = videoSchemas[product].safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { prompt: words = '', mode, duration } = parsed.data;
  const order = { ...namesOf(parsed.data), product, prompt: words, mode, seconds: Number(duration), images: 0 };
  return { ok: true, order };
}

function readImages(body: object): OrderReading {
  const parsed = generations.safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { prompt: words, n } = parsed.data;
  const product = 'images/generations';
  return { ok: true, order: { ...namesOf(parsed.data), product, prompt: words, mode: 'std', seconds: 0, images: n } };
}

interface Named {
  readonly model_name?: string | undefined;
  readonly external_task_id?: string | undefined;
  readonly callback_url?: string | undefined;
}

function namesOf({ model_name, external_task_id, callback_url }: Named) {
  return { model: model_name, externalId: external_task_id, callbackUrl: callback_url };
}
