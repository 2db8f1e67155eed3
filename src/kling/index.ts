export { classify } from './classify.js';
export { createKlingClient, type KlingClient, type ListOptions } from './client.js';
export type { KlingClientOptions } from './clientOptions.js';
export { estimateCredits } from './credits.js';
export { KlingError, type KlingCall, type KlingErrorDetails, type KlingErrorKind } from './errors.js';
export { klingCodes, type KlingCode } from './klingCodes.js';
export { parseKlingRequest, type KlingProduct, type KlingRequest } from './klingRequest.js';
export { tiers, type EnterpriseOptions, type Tier, type TierName } from './tiers.js';
