import { resolve } from 'node:path';
import { parseDownloadOptions, type DownloadOptions } from './downloading/downloadOptions.js';
import { busy, wholeSize } from './downloading/part.js';
import { transfer, type Downloaded } from './downloading/transfer.js';

/** The files that this process is fetching. */
const underWay = new Set<string>();

/**
 * Fetches `url` into `file`, in flat memory whatever its length. Under that name there is either nothing or all of it,
 * on disk, wherever the process is killed: what has come so far is in `<file>.part`, and `<file>.part.json` says what it
 * is of. The next download of the same URL goes on from there, if the server had given a strong `ETag`, or else a
 * `Last-Modified` that can be trusted, and gives the same again with the rest; otherwise it starts anew. A query of the
 * URL does not count: it may be signed, and another one the next time.
 *
 * - A file that is there already is whole, and so the end of it: nothing is asked, unless `overwrite` says so.
 * - A page or JSON is never saved as a file, nor as a video or an image (by `content-type` or by the name of `file`)
 *   what does not begin as one.
 * - A length that was announced has to come; a server that announces none ends the file when it says so.
 * - Where the server closes the connection behind its answer, what the disk is too slow for waits in memory.
 * - Nothing is tried again here, so that each try can have a permit: use `retryWithJitter` with `classifyDownload`. Only
 *   a part that turns out to be of something else is followed by a second request, for the whole. Up to 5 redirects are
 *   followed, none from https to http. No credentials are sent, and no query is shown.
 * - Two downloads to one file at the same time: the second of a process is refused at once (`busy`); of two processes
 *   one fails with that at its end, and neither spoils the other's.
 *
 * @throws (rejects with) OptionsError; DownloadError, of which `classifyDownload` says what it means; the reason of an
 *   aborted `signal`
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { url, file, overwrite, signal, ...others } = parseDownloadOptions(options);
  signal?.throwIfAborted();
  const path = resolve(file);
  const job = { ...others, url, shownUrl: withoutQuery(url), file: path, signal };
  if (underWay.has(path)) throw busy(job.shownUrl);
  underWay.add(path);
  try {
    const bytes = overwrite ? undefined : await wholeSize(path, job.shownUrl);
    return bytes === undefined ? await transfer(job) : { bytes, resumed: false };
  } finally {
    underWay.delete(path);
  }
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
