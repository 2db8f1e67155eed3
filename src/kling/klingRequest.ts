/** What Kling makes. */
export const klingProducts = ['text2video', 'image2video', 'images', 'video-extend'] as const;

export type KlingProduct = (typeof klingProducts)[number];

/**
 * Which of Kling's two standards is spoken. Requests are of one shape for both; what only one of them can do is refused
 * by the other's `parse`.
 *
 * | | `v1` | `new` |
 * |---|---|---|
 * | products | all | text2video, image2video |
 * | credentials | an API key, or access key and secret key | an API key |
 * | model, where none is named | Kling's choice | kling-3.0-turbo |
 * | tasks one poll asks for | 50: the newest of a list | 20: each by its id |
 */
export type KlingApi = 'v1' | 'new';

interface AnyRequest {
  /** Called at every change; an http or https URL. */
  readonly callback_url?: string | undefined;
  /** Up to 2500 characters. Only `v1`. */
  readonly negative_prompt?: string | undefined;
}

interface VideoRequest extends AnyRequest {
  /** Any name, for models come and go; the two standards name them differently. */
  readonly model_name?: string | undefined;
  /** `new` sends it as the resolution that it stands for: 720p or 1080p. */
  readonly mode?: 'std' | 'pro' | undefined;
  /** Instead of `mode`. Only `new`. */
  readonly resolution?: string | undefined;
  /** In seconds. `v1`: 5 or 10; `new`: 3 to 15, but 5 or 10 with the models 2.x. */
  readonly duration?: string | undefined;
  readonly sound?: 'on' | 'off' | undefined;
  /** From 0 to 1. Only `v1`. */
  readonly cfg_scale?: number | undefined;
  /** Only `v1`. */
  readonly camera_control?: Readonly<Record<string, unknown>> | undefined;
  /** Only `new`. */
  readonly multi_shot?: boolean | undefined;
  /** Only `new`. */
  readonly watermark_info?: Readonly<Record<string, unknown>> | undefined;
}

export interface TextToVideoRequest extends VideoRequest {
  readonly product: 'text2video';
  /** Up to 2500 characters; 3072 with the models 3.0 of `new`. */
  readonly prompt: string;
  readonly aspect_ratio?: '16:9' | '9:16' | '1:1' | undefined;
}

export interface ImageToVideoRequest extends VideoRequest {
  readonly product: 'image2video';
  readonly prompt?: string | undefined;
  /** The first frame: a URL, or base64 without a `data:` prefix. At least one of the two frames is given. */
  readonly image?: string | undefined;
  /** The last frame. */
  readonly image_tail?: string | undefined;
}

/** Only `v1`. */
export interface ImagesRequest extends AnyRequest {
  readonly product: 'images';
  readonly model_name?: string | undefined;
  readonly prompt: string;
  /** How many, from 1 to 9: each holds a slot. */
  readonly n?: number | undefined;
  readonly aspect_ratio?: string | undefined;
  readonly resolution?: string | undefined;
  readonly image?: string | undefined;
  readonly image_reference?: string | undefined;
  /** From 0 to 1. */
  readonly image_fidelity?: number | undefined;
  /** From 0 to 1. */
  readonly human_fidelity?: number | undefined;
}

/** Only `v1`. */
export interface VideoExtendRequest extends AnyRequest {
  readonly product: 'video-extend';
  readonly video_id: string;
  readonly prompt?: string | undefined;
  /** From 0 to 1. */
  readonly cfg_scale?: number | undefined;
}

/**
 * One task, in Kling's own words (its `/v1` fields, snake_case) beside `product`, for either standard. `duration` is
 * kept as Kling's string. `external_task_id` is not among the fields: it is chosen, written down and sent by whoever
 * submits.
 */
export type KlingRequest = TextToVideoRequest | ImageToVideoRequest | ImagesRequest | VideoExtendRequest;

/** How many task slots a request holds while it runs: a video 1, images one each. */
export function slotsOf(request: KlingRequest): number {
  return request.product === 'images' ? (request.n ?? 1) : 1;
}
