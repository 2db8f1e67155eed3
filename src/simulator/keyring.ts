import { compactVerify, decodeJwt } from 'jose';
import * as z from 'zod';
import type { AuthVerdict } from './model.js';

export interface KeyringOptions {
  /** Keys that are sent as they are. */
  readonly apiKeys: readonly string[];
  /** Secrets by access key: what signs a JWT, and what its `iss` names. */
  readonly accessKeys: Readonly<Record<string, string>>;
}

/** What a request's `Authorization` is worth, and whose it is. */
export interface Identity {
  readonly auth: AuthVerdict;
  /** Tells the keys apart, and is no secret; '' where nobody is known. */
  readonly keyId: string;
  /** True: it is no API key, but meant to be a signed token, good or not. */
  readonly isToken: boolean;
}

const claimsSchema = z.object({ iss: z.string(), exp: z.number(), nbf: z.number().optional() });

/** The credentials that the simulator knows. */
export class Keyring {
  readonly #apiKeyIds: ReadonlyMap<string, string>;
  readonly #secrets: ReadonlyMap<string, Uint8Array>;

  constructor({ apiKeys, accessKeys }: KeyringOptions) {
    this.#apiKeyIds = new Map(apiKeys.map((key, index) => [key, `api key ${index + 1}`]));
    const encoder = new TextEncoder();
    this.#secrets = new Map(Object.entries(accessKeys).map(([key, secret]) => [key, encoder.encode(secret)]));
  }

  /**
   * Checks an `Authorization` header at the wall time `epochMs`: an API key, or a JWT signed with HS256. No header is
   * 1001, another scheme 1000, an unknown key, signature or claim 1002, a token too early 1003, too late 1004.
   */
  async identify(header: string | undefined, epochMs: number): Promise<Identity> {
    if (header === undefined || header.trim() === '') return nobody(1001, false);
    const [, token] = /^Bearer\s+(\S+)$/i.exec(header.trim()) ?? [];
    if (token === undefined) return nobody(1000, false);
    const keyId = this.#apiKeyIds.get(token);
    return keyId === undefined ? this.#identifyToken(token, epochMs) : { auth: 'ok', keyId, isToken: false };
  }

  async #identifyToken(token: string, epochMs: number): Promise<Identity> {
    const claims = readClaims(token);
    const secret = claims === undefined ? undefined : this.#secrets.get(claims.iss);
    if (claims === undefined || secret === undefined || !(await isSigned(token, secret))) return nobody(1002, true);
    if ((claims.nbf ?? -Infinity) * 1_000 > epochMs) return nobody(1003, true);
    if (claims.exp * 1_000 <= epochMs) return nobody(1004, true);
    return { auth: 'ok', keyId: claims.iss, isToken: true };
  }
}

function nobody(auth: Exclude<AuthVerdict, 'ok'>, isToken: boolean): Identity {
  return { auth, keyId: '', isToken };
}

function readClaims(token: string): z.output<typeof claimsSchema> | undefined {
  try {
    return claimsSchema.safeParse(decodeJwt(token)).data;
  } catch {
    return undefined;
  }
}

async function isSigned(token: string, secret: Uint8Array): Promise<boolean> {
  try {
    await compactVerify(token, secret, { algorithms: ['HS256'] });
    return true;
  } catch {
    return false;
  }
}
