/**
 * A client of Kling AI, for both of its APIs, as a `TaskApi` that `generate` takes.
 *
 * @module sluice/kling
 */
export type { ReceiveCallbacksOptions } from './callbacks/callbackOptions.js';
export { receiveCallbacks, type CallbackReceiver } from './callbacks/receiveCallbacks.js';
export { classify } from './classify.js';
export { createKlingClient } from './client.js';
export type { KlingClientOptions } from './clientOptions.js';
export type { ConcurrencyOptions, KlingClient, ListOptions } from './clientOver.js';
export { estimateCredits } from './credits.js';
export { KlingError, type KlingCall, type KlingErrorDetails, type KlingErrorKind } from './errors.js';
export { klingCodes, type KlingCode } from './klingCodes.js';
export type {
  ImagesRequest,
  ImageToVideoRequest,
  KlingApi,
  KlingProduct,
  KlingRequest,
  TextToVideoRequest,
  VideoExtendRequest,
} from './klingRequest.js';
export { concurrencyOf, type KlingPack, type KlingPackKind } from './packs.js';
export { parseKlingRequest, type ParseKlingRequestOptions } from './parseKlingRequest.js';
export { tiers, type EnterpriseOptions, type Tier, type TierName } from './tiers.js';
