/** What `sluice/http` is in a browser: what servers say about limits, without what needs files or Node's HTTP client. */
export { classifyHttp, HttpError } from './classifyHttp.js';
export { parseHttpDate } from './httpDate.js';
export type { HttpHeaders } from './httpHeaders.js';
export type { RateLimitPolicy, RateLimits, RateLimitState } from './rateLimitFields.js';
export { readExhausted, readHint, readRateLimits } from './rateLimits.js';
export { parseRetryAfter, readRetryAfter } from './retryAfter.js';
