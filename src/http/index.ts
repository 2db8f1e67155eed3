/**
 * What servers say about limits, an interceptor for undici, and downloads.
 *
 * @module sluice/http
 */
export * from './browser.js';
export { DownloadError, type DownloadErrorDetails, type DownloadErrorKind } from '../errors.js';
export { classifyDownload } from './classifyDownload.js';
export { download } from './download.js';
export type { DownloadOptions } from './downloading/downloadOptions.js';
export type { Downloaded } from './downloading/transfer.js';
export { sluice, type SluiceOptions } from './interceptor.js';
