export { classifyHttp, HttpError } from './classifyHttp.js';
export { parseHttpDate } from './httpDate.js';
export type { HttpHeaders } from './httpHeaders.js';
export { sluice, type SluiceOptions } from './interceptor.js';
export type { RateLimitPolicy, RateLimits, RateLimitState } from './rateLimitFields.js';
export { readExhausted, readHint, readRateLimits } from './rateLimits.js';
export { parseRetryAfter, readRetryAfter } from './retryAfter.js';
