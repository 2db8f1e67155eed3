/**
 * `text` on one line and harmless to a terminal: what could control one (escape sequences, line breaks, changes of the
 * direction of writing) is taken out, and runs of blanks become one.
 */
export function clean(text: string): string {
  return harmless(text)
    .replace(/\p{Z}+/gu, ' ')
    .trim();
}

/** The same with its blanks as they are. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cf}\p{Cs}]+/gu, '').replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** A value as one line of JSON that is harmless to a terminal, too, and of the same value: what could control one is escaped. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (it) => {
    return `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What an error of the library calls an option, by the flag or the variable that is meant. */
const namesOutside: readonly (readonly [string, string])[] = [
  ['deadlineMs', '--deadline'],
  ['runCredits', '--run-credits'],
  ['baseUrl and the network', '--base-url, the network and HTTPS_PROXY'],
  ['baseUrl', '--base-url'],
  ['check the proxy', 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY'],
  // No flag: the command keeps the defaults.
  [' (timeoutMs)', ''],
  [', or raise maxResponseBytes', ''],
];

export function byFlags(message: string): string {
  return namesOutside.reduce((text, [option, flag]) => text.replaceAll(option, flag), message);
}

/** What takes two columns of a terminal: the ideographs and syllables of East Asia, and pictures. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Regional_Indicator}]/u;

/** The columns that cleaned `text` takes at the most: where terminals disagree, the greater number. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** The beginning of cleaned `text` that fits into `columns`; where something is left off, it ends in `~`. */
export function crop(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let left = columns - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return columns > 0 ? `${kept}~` : '';
}

function widthOf(character: string): number {
  return wide.test(character) ? 2 : 1;
}

/** The text of the prompt of a request, as far as it has one. */
export function promptText(request: unknown): string {
  const prompt: unknown = typeof request === 'object' && request !== null ? Reflect.get(request, 'prompt') : request;
  return typeof prompt === 'string' ? prompt : '';
}
