import * as z from 'zod';

/** What every answer of Kling's is wrapped in. */
export interface Envelope {
  /** 0 is success, whatever the HTTP status. */
  readonly code: number;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly data: unknown;
}

/** Text, or nothing: what else may stand there is not worth an error. */
export const lenientText = z.string().nullish().catch(undefined);

const envelope = z.object({
  code: z.int(),
  message: lenientText,
  request_id: lenientText,
  data: z.unknown().optional(),
});

const maxMessageLength = 300;

/** Reads a body; undefined: it is not Kling's. `redact` sees every string before anybody else does. */
export function readEnvelope(text: string, redact: (text: string) => string): Envelope | undefined {
  const parsed = envelope.safeParse(parseJson(text, redact));
  if (!parsed.success) return undefined;
  const { code, message, request_id: requestId, data } = parsed.data;
  return { code, message: oneLine(message), requestId: requestId ? oneLine(requestId) : undefined, data };
}

/** A server's words, fit for a message: no line breaks, terminal codes or changes of direction, and an end. */
export function oneLine(text: string | null | undefined): string {
  return (text ?? '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, maxMessageLength);
}

function parseJson(text: string, redact: (text: string) => string): unknown {
  // Without escapes, what is in none of the text is in none of its strings: nearly always one look for all of them.
  const isClean = !text.includes('\\') && redact(text) === text;
  try {
    if (isClean) return JSON.parse(text);
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value));
  } catch {
    return undefined;
  }
}
