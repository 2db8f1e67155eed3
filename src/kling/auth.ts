import { SignJWT } from 'jose';
import type { Clock } from '../clock.js';
import { OptionsError } from '../errors.js';

/** Who we are, as Kling wants to be told. Every secret stays in here. */
export interface Credentials {
  /** What to send as the Bearer token of the next request. */
  token(): Promise<string>;
  /** Kling took `token`. */
  accepted(token: string): void;
  /**
   * Kling called `token` stale. True: the next `token()` is a new one, so that trying again makes sense; false: it was
   * a new one already, or a key that no signing can renew.
   */
  stale(token: string): boolean;
  /** `text` without our keys and `token`, should a server or a proxy have sent one of them back. */
  redact(text: string, token: string): string;
}

export interface KlingKeys {
  readonly apiKey?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
}

const lifetimeSeconds = 1_800;
/** How far back a token starts to hold, for servers whose clock is behind ours. */
const backdatedSeconds = 5;
/** A token is not used in its last minutes, for servers whose clock is ahead of ours. */
const renewedBeforeSeconds = 300;
/** Anything shorter is no secret, and taking it out would tear ordinary text apart. */
const shortestSecret = 8;

/** @throws OptionsError unless there is exactly one way to authenticate. */
export function createCredentials({ apiKey, accessKey, secretKey }: KlingKeys, clock: Clock): Credentials {
  if (apiKey !== undefined && (accessKey !== undefined || secretKey !== undefined)) {
    throw new OptionsError('createKlingClient: give apiKey, or accessKey and secretKey, not both', 'apiKey');
  }
  if (apiKey !== undefined) return keyCredentials(apiKey);
  if (accessKey !== undefined && secretKey !== undefined) return signedCredentials(accessKey, secretKey, clock);
  if (accessKey === undefined && secretKey === undefined) {
    throw new OptionsError('createKlingClient: no credentials: give apiKey, or accessKey and secretKey', 'apiKey');
  }
  const missing = accessKey === undefined ? 'accessKey' : 'secretKey';
  throw new OptionsError(`createKlingClient: ${missing} is missing: the two keys go together`, missing);
}

function keyCredentials(apiKey: string): Credentials {
  return {
    token: () => Promise.resolve(apiKey),
    accepted: () => undefined,
    stale: () => false,
    redact: (text) => without([apiKey], text),
  };
}

interface Signed {
  readonly token: string;
  readonly renewAtEpochMs: number;
}

/**
 * A JWT (HS256; `iss` the access key, `exp` 30 minutes on, `nbf` 5 s back) that is used for 25 minutes. When Kling calls
 * it stale, the next request gets a new one; once that has been taken, a later one may be renewed again.
 */
function signedCredentials(accessKey: string, secretKey: string, clock: Clock): Credentials {
  let signing: Promise<Signed> | undefined;
  let current: Signed | undefined;
  let onTrial = false;

  async function sign(nowEpochMs: number): Promise<Signed> {
    const nowSeconds = Math.floor(nowEpochMs / 1_000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(accessKey)
      .setNotBefore(nowSeconds - backdatedSeconds)
      .setExpirationTime(nowSeconds + lifetimeSeconds)
      .sign(new TextEncoder().encode(secretKey));
    return { token, renewAtEpochMs: (nowSeconds + lifetimeSeconds - renewedBeforeSeconds) * 1_000 };
  }

  return {
    async token() {
      const nowEpochMs = clock.epochNow();
      if (current !== undefined && nowEpochMs >= current.renewAtEpochMs) signing = current = undefined;
      signing ??= sign(nowEpochMs);
      current = await signing;
      return current.token;
    },
    accepted(token) {
      if (token === current?.token) onTrial = false;
    },
    stale(token) {
      // Several requests may have gone out with the old one: only the first of them does away with it.
      if (token !== current?.token) return true;
      if (onTrial) return false;
      onTrial = true;
      signing = current = undefined;
      return true;
    },
    redact: (text, token) => without([accessKey, secretKey, token], text),
  };
}

function without(secrets: readonly string[], text: string): string {
  return secrets
    .filter((secret) => secret.length >= shortestSecret)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
