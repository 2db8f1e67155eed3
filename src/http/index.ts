export { classifyHttp, HttpError } from './classifyHttp.js';
export { parseHttpDate } from './httpDate.js';
export { parseRetryAfter, readRetryAfter, type HttpHeaders } from './retryAfter.js';
