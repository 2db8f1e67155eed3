import type { ImageToVideoRequest, KlingRequest, TextToVideoRequest } from './klingRequest.js';

const creditsPerSecond = { std: 2, pro: 7 } as const;
const creditsPerImage = 1;
/** What Kling makes where no duration is asked for, and about what an extension adds. */
const defaultSeconds = 5;

/**
 * What a request will cost, in credits: **an estimate**, to be overridden (`creditsFor`) wherever it matters.
 *
 * | product | 5 s | 10 s |
 * |---|---|---|
 * | video, `std` or 720p (the default) | 10 | 20 |
 * | video, `pro` or any other resolution | 35 | 70 |
 * | video extension | 10 | |
 * | image | 1 each | |
 *
 * Prices differ by model, sound and resolution, and change; Kling has no page for them that could be read here. What a
 * task really cost comes with its end, as `RemoteTask.credits`.
 */
export function estimateCredits(request: KlingRequest): number {
  if (request.product === 'images') return creditsPerImage * (request.n ?? 1);
  if (request.product === 'video-extend') return creditsPerSecond.std * defaultSeconds;
  return creditsPerSecond[modeOf(request)] * Number(request.duration ?? defaultSeconds);
}

function modeOf({ mode, resolution = '720p' }: TextToVideoRequest | ImageToVideoRequest): 'std' | 'pro' {
  return mode ?? (resolution === '720p' ? 'std' : 'pro');
}
