import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** What is sent, and when. */
export interface SignedMessage {
  readonly id: string;
  /** The wall time of sending, in ms since 1970. */
  readonly sentAtMs: number;
  /** The body as it is sent, to the byte. */
  readonly text: string;
}

/** True for `whsec_` and the key in base64. */
export function isCallbackSecret(secret: string): boolean {
  return (
    secret.startsWith(prefix) && /^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(prefix.length)) && keyOf(secret).length > 0
  );
}

/** The headers that sign a callback by Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in whole seconds. */
export function signCallback(secret: string, { id, sentAtMs, text }: SignedMessage): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(sentAtMs / 1_000));
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${text}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(prefix.length), 'base64');
}
