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
import type { NewProduct } from './orders.js';

/** The longest prompt of the 3.0 family, in characters. */
const maxLongPromptLength = 3_072;

const settings = z.object({
  resolution: z._default(nonEmpty, '720p'),
  aspect_ratio: ratio.optional(),
  duration: z.int().min(3).max(15).default(defaultSeconds),
});
const options = z.object({ callback_url: callbackUrl.optional(), external_task_id: externalId.optional() });
const anyVideo = {
  settings: settings.default({ resolution: '720p', duration: defaultSeconds }),
  options: options.default({}),
};
const part = z.object({ type: nonEmpty, text: z.string().optional() });

const schemas = {
  'text-to-video': z.object({ ...anyVideo, prompt: notBlank }),
  'image-to-video': z.object({
    ...anyVideo,
    prompt: z.string().optional(),
    contents: z.array(part).refine((parts) => parts.length > 0, 'must not be empty'),
  }),
};

/**
 * Reads the body of the new API; fields that its documentation does not name are ignored. The words of an image-to-video
 * may stand in a part of the type `prompt`. What the model's name tells of its family decides the rest.
 */
export function readNewOrder(product: NewProduct, model: string, body: object): OrderReading {
  const parsed = schemas[product].safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { settings: given, options: asked, ...words } = parsed.data;
  const prompt = words.prompt ?? ('contents' in words ? promptIn(words.contents) : undefined) ?? '';
  const wrong = problemWith(model, prompt, given.duration);
  if (wrong !== undefined) return { ok: false, code: 1201, message: wrong };
  return {
    ok: true,
    order: {
      product,
      model,
      prompt,
      externalId: asked.external_task_id,
      callbackUrl: asked.callback_url,
      mode: given.resolution === '1080p' ? 'pro' : 'std',
      seconds: given.duration,
      images: 0,
    },
  };
}

function promptIn(contents: readonly z.output<typeof part>[]): string | undefined {
  return contents.find(({ type }) => type === 'prompt')?.text;
}

function problemWith(model: string, prompt: string, seconds: number): string | undefined {
  const maxLength = model.startsWith('kling-3.0') ? maxLongPromptLength : maxPromptLength;
  if (!isWithin(maxLength, prompt)) return `prompt: ${tooLong(maxLength)}`;
  const isShortOrLong = seconds === 5 || seconds === 10;
  return model.startsWith('kling-2.') && !isShortOrLong
    ? `settings.duration: must be 5 or 10 (got ${seconds})`
    : undefined;
}
