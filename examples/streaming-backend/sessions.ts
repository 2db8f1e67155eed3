import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'hono';
import { getSignedCookie, setSignedCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';

const month = 30 * 86_400;

/** Who somebody is: a random name in a cookie that is signed, so that nobody can take another's. */
export class Sessions {
  readonly #secret: string;
  readonly #options: CookieOptions;
  /** The panel closes for everybody as the token changes. */
  readonly #operator: string;

  constructor(directory: string, operatorToken: string, isHttps: boolean) {
    this.#secret = secretIn(directory);
    this.#operator = digest(operatorToken);
    this.#options = { httpOnly: true, sameSite: 'Strict', secure: isHttps, path: '/', maxAge: month };
  }

  /** Undefined: nobody whom we know, or a cookie that somebody has made up. */
  async personOf(context: Context): Promise<string | undefined> {
    const person = await getSignedCookie(context, this.#secret, 'person');
    return person === false ? undefined : person;
  }

  async welcome(context: Context): Promise<string> {
    const known = await this.personOf(context);
    if (known !== undefined) return known;
    const person = randomBytes(16).toString('base64url');
    await setSignedCookie(context, 'person', person, this.#secret, this.#options);
    return person;
  }

  async isOperator(context: Context): Promise<boolean> {
    return (await getSignedCookie(context, this.#secret, 'operator')) === this.#operator;
  }

  /** False: that is not the token. Digests are compared: how long it takes says nothing about the token. */
  async admitOperator(context: Context, token: string): Promise<boolean> {
    if (digest(token) !== this.#operator) return false;
    await setSignedCookie(context, 'operator', this.#operator, this.#secret, this.#options);
    return true;
  }
}

function secretIn(directory: string): string {
  const path = join(directory, 'cookie-secret');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // What a full disk or a power cut has left empty would sign nothing.
  if (!existsSync(path) || readFileSync(path, 'utf8') === '') {
    writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true });
  }
  return readFileSync(path, 'utf8');
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
