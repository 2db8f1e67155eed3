import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Incoming } from './incoming.js';

const prefix = 'whsec_';

/** What is wrong with the signature of `body`, as it came in; undefined: nothing. */
export type CheckSignature = (incoming: Incoming, body: Uint8Array, nowEpochMs: number) => string | undefined;

/**
 * Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks): one of the signatures in
 * `webhook-signature` is the HMAC-SHA256 of `id.timestamp.body` under one of `secrets`, and the timestamp, in seconds, is
 * at most `toleranceMs` away. It is over the bytes, whatever they are.
 */
export function checkSignature(secrets: readonly string[], toleranceMs: number): CheckSignature {
  const keys = secrets.map((secret) => Buffer.from(secret.slice(prefix.length), 'base64'));

  return (incoming, body, nowEpochMs) => {
    const id = incoming.header('webhook-id');
    const timestamp = incoming.header('webhook-timestamp');
    const signatures = incoming.header('webhook-signature');
    if (!id || !timestamp || !signatures) return 'webhook-id, webhook-timestamp and webhook-signature are due';
    if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp must be in whole seconds';
    if (Math.abs(nowEpochMs - Number(timestamp) * 1_000) > toleranceMs) return 'webhook-timestamp is too far from now';

    const given = signatures.split(' ').map((signature) => Buffer.from(signature, 'latin1'));
    const isKnown = keys.some((key) => {
      const due = Buffer.from(`v1,${digest(key, `${id}.${timestamp}.`, body)}`, 'latin1');
      return given.some((signature) => signature.length === due.length && timingSafeEqual(signature, due));
    });
    return isKnown ? undefined : 'no signature is of a secret that is known here';
  };
}

/** Headers are bytes, which Node and `fetch` both hand out as Latin-1. */
function digest(key: Uint8Array, head: string, body: Uint8Array): string {
  return createHmac('sha256', key).update(head, 'latin1').update(body).digest('base64');
}
