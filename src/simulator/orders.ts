import { z } from 'zod';
import { describeIssue } from '../options.js';

/** What Kling makes; each is an endpoint under `/v1/`. */
export const products = [
  'videos/text2video',
  'videos/image2video',
  'videos/video-extend',
  'images/generations',
] as const;

export type Product = (typeof products)[number];

/** What a create asks for, once it has been read. */
export interface Order {
  readonly product: Product;
  readonly prompt: string;
  readonly externalId: string | undefined;
  readonly mode: 'std' | 'pro';
  /** The length of the video; 0 for images. */
  readonly seconds: number;
  /** How many images; 0 for a video. */
  readonly images: number;
}

/** A prompt that holds this is refused with 400/1301. */
export const forbiddenMarker = '[forbidden]';

/** A task whose prompt holds this is created, and fails. */
export const failMarker = '[fail]';

const maxPromptLength = 2_500;
/** What an extension adds to a video, and what a video lasts when nobody says. */
const defaultSeconds = '5';

const text = z.string().refine(isShort, { error: `must be at most ${maxPromptLength} characters` });
const optionalPrompt = text.optional();
const prompt = text.regex(/\S/, { error: 'must not be empty' });
const image = z
  .string()
  .min(1)
  .refine((value) => !value.startsWith('data:'), { error: 'must be a URL, or base64 without a data: prefix' });

const anyOrder = {
  model_name: z.string().min(1).optional(),
  negative_prompt: optionalPrompt,
  callback_url: z.url().optional(),
  external_task_id: z
    .string()
    .regex(/^[\w-]{1,64}$/, { error: 'must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -' })
    .optional(),
};
const anyVideo = {
  ...anyOrder,
  cfg_scale: z.number().min(0).max(1).optional(),
  mode: z.enum(['std', 'pro']).default('std'),
  duration: z.enum(['5', '10']).default(defaultSeconds),
  aspect_ratio: z.enum(['16:9', '9:16', '1:1']).optional(),
};

const text2video = z.object({ ...anyVideo, prompt });
const image2video = z
  .object({ ...anyVideo, prompt: optionalPrompt, image: image.optional(), image_tail: image.optional() })
  .refine((body) => body.image !== undefined || body.image_tail !== undefined, {
    path: ['image'],
    error: 'must be given, or image_tail',
  });
const videoExtend = z.object({ ...anyVideo, prompt: optionalPrompt, video_id: z.string().min(1) });
const videoSchemas = {
  'videos/text2video': text2video,
  'videos/image2video': image2video,
  'videos/video-extend': videoExtend,
};
const generations = z.object({
  ...anyOrder,
  prompt,
  n: z.int().min(1).max(9).default(1),
  aspect_ratio: z
    .string()
    .regex(/^\d+:\d+$/, { error: 'must be like 16:9' })
    .optional(),
  resolution: z.enum(['1k', '2k']).optional(),
  image: image.optional(),
});

export type OrderReading =
  | { readonly ok: true; readonly order: Order }
  | { readonly ok: false; readonly code: 1200 | 1201 | 1301; readonly message: string };

/**
 * Reads the body of a create as the documentation of `product` has it; fields that it does not name are ignored, any
 * model name is accepted.
 */
export function readOrder(product: Product, body: unknown): OrderReading {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, code: 1200, message: 'the body must be a JSON object' };
  }
  const reading = product === 'images/generations' ? readImages(body) : readVideo(product, body);
  if (!reading.ok || !reading.order.prompt.includes(forbiddenMarker)) return reading;
  return { ok: false, code: 1301, message: 'The prompt triggers the content safety policy' };
}

function readVideo(product: Exclude<Product, 'images/generations'>, body: object): OrderReading {
  const parsed = videoSchemas[product].safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { prompt: words = '', external_task_id: externalId, mode, duration } = parsed.data;
  return { ok: true, order: { product, prompt: words, externalId, mode, seconds: Number(duration), images: 0 } };
}

function readImages(body: object): OrderReading {
  const parsed = generations.safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { prompt: words, external_task_id: externalId, n } = parsed.data;
  const product = 'images/generations';
  return { ok: true, order: { product, prompt: words, externalId, mode: 'std', seconds: 0, images: n } };
}

function invalid(error: z.ZodError): OrderReading {
  const [issue] = error.issues;
  return { ok: false, code: 1201, message: issue === undefined ? 'Invalid parameters' : describeIssue(issue) };
}

/** Characters are code points: an emoji outside the basic plane is one. */
function isShort(value: string): boolean {
  return value.length <= maxPromptLength || Array.from(value).length <= maxPromptLength;
}

/** How many slots it holds while it runs: a video 1, images one each. */
export function weightOf(order: Order): number {
  return Math.max(1, order.images);
}

/**
 * What an order costs by default, in credits: a second of video 2 (`std`) or 7 (`pro`), so 10 and 35 for 5 s; an image 1.
 * Kling's price list differs by model and changes: give `creditsOf` where it matters.
 */
export function defaultCreditsOf(order: Order): number {
  return order.seconds * (order.mode === 'pro' ? 7 : 2) + order.images;
}
