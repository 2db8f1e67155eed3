import * as z from 'zod';
import { nonEmpty } from '../../options.js';
import type { KlingRequest } from '../klingRequest.js';
import {
  aspectRatio,
  callbackUrl,
  hasFrame,
  image,
  jsonObject,
  lengthOf,
  maxPromptLength,
  mode,
  onlyWith,
  parseBy,
  promptUpTo,
  someFrame,
  sound,
  tooLong,
} from './requestFields.js';
import { isPathSegment } from './pathSegment.js';

/** What is made where no model is named: the new API has it in the path, so there must be one. */
export const defaultNewModel = 'kling-3.0-turbo';

/** The longest prompt of the 3.0 family, in characters. */
const maxLongPromptLength = 3_072;

const prompt = promptUpTo(maxLongPromptLength);
const wholeSeconds = { error: 'must be 3 to 15 (whole seconds)' };
const duration = z
  .union([z.string(), z.number()], wholeSeconds)
  .transform(String)
  .refine((seconds) => /^([3-9]|1[0-5])$/.test(seconds), wholeSeconds);

const anyVideo = {
  callback_url: callbackUrl.optional(),
  model_name: z.string().refine(isPathSegment, { error: 'must be the name of a model' }).default(defaultNewModel),
  mode: mode.optional(),
  resolution: z.optional(nonEmpty),
  duration: duration.optional(),
  sound: sound.optional(),
  multi_shot: z.boolean().optional(),
  watermark_info: jsonObject.optional(),
  negative_prompt: onlyWith('v1'),
  cfg_scale: onlyWith('v1'),
  camera_control: onlyWith('v1'),
};

interface AnyVideo {
  readonly model_name: string;
  readonly prompt?: string | undefined;
  readonly duration?: string | undefined;
  readonly mode?: unknown;
  readonly resolution?: unknown;
}

const newRequest: z.ZodType<KlingRequest> = z.discriminatedUnion(
  'product',
  [
    z
      .strictObject({ product: z.literal('text2video'), ...anyVideo, prompt, aspect_ratio: aspectRatio.optional() })
      .superRefine(checkTogether),
    z
      .strictObject({
        product: z.literal('image2video'),
        ...anyVideo,
        prompt: prompt.optional(),
        image: z.optional(image),
        image_tail: z.optional(image),
      })
      .refine(hasFrame, someFrame)
      .superRefine(checkTogether),
  ],
  { error: "must be text2video or image2video; images and video-extend need api: 'v1'" },
);

/** Checks a request for the new API. @throws OptionsError */
export function parseNewRequest(input: unknown): KlingRequest {
  return parseBy(newRequest, input);
}

/** What one field allows depends on another: a model that is not known here may do all that any does, but for prompts. */
function checkTogether(request: AnyVideo, context: z.RefinementCtx): void {
  const wrong = (path: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message, input: undefined });
  };
  const { model_name: model, prompt: words = '', duration: seconds = '5' } = request;
  const isOfThree = model.startsWith('kling-3.0');
  if (!isOfThree && lengthOf(words) > maxPromptLength) wrong('prompt', tooLong(maxPromptLength, words));
  if (model.startsWith('kling-2.') && seconds !== '5' && seconds !== '10') {
    wrong('duration', `must be 5 or 10 (seconds) with ${model}`);
  }
  if (request.mode !== undefined && request.resolution !== undefined) {
    wrong('resolution', 'must not be given beside mode, which stands for one');
  }
}
