import { extname } from 'node:path';

/** How the files of media begin. */
const signatures: readonly { readonly at: number; readonly text: string }[] = [
  { at: 4, text: 'ftyp' }, // MP4, QuickTime, HEIC, AVIF
  { at: 0, text: '\x89PNG\r\n\x1a\n' },
  { at: 0, text: '\xff\xd8\xff' }, // JPEG
  { at: 8, text: 'WEBP' },
  { at: 0, text: 'GIF8' },
  { at: 0, text: '\x1aE\xdf\xa3' }, // WebM
];
const mediaTypes = /^(video\/(mp4|quicktime|webm)|image\/(png|jpeg|webp|gif))$/;
const mediaNames: ReadonlySet<string> = new Set(['.mp4', '.mov', '.webm', '.png', '.jpg', '.jpeg', '.webp', '.gif']);
const pageTypes = /^(text\/html|application\/xhtml\+xml|(application|text)\/(json|xml)|application\/\S+\+json)$/;

/** How much of a file `isPlausible` wants to see: enough for a page with blanks before it. */
export const headBytes = 512;

/** Whether a `content-type` says that this is a page or a message, and no file. */
export function isPage(contentType: string): boolean {
  return pageTypes.test(typeIn(contentType));
}

/**
 * Whether a file that begins with `head` can be what its type or its name says. What is said to be a video or an image
 * of a known kind must begin as one, of whichever kind; anything else must not begin as a page or as JSON.
 */
export function isPlausible(head: Uint8Array, contentType: string, name: string): boolean {
  const text = Buffer.from(head).toString('latin1');
  if (signatures.some(({ at, text: signature }) => text.startsWith(signature, at))) return true;
  const isDueToBeMedia = mediaTypes.test(typeIn(contentType)) || mediaNames.has(extname(name).toLowerCase());
  return !isDueToBeMedia && !/^(\xef\xbb\xbf)?\s*(<(!doctype|html|head|body|\?xml)|\{\s*["}])/i.test(text);
}

function typeIn(contentType: string): string {
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase();
}
