import { createHash } from 'node:crypto';
import { isNodeRedis, type RedisClient } from './client.js';

/**
 * A Lua script that Redis runs as one step. It is sent by its digest; where the server does not know it (the first time,
 * and after a restart or SCRIPT FLUSH), whole.
 */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha = createHash('sha1').update(text).digest('hex');
  }

  /** All keys must be of one cluster slot: give them one `{tag}`. @throws (rejects with) what the client does */
  async run(client: RedisClient, keys: string[], args: string[]): Promise<unknown> {
    try {
      if (isNodeRedis(client)) return await client.evalSha(this.#sha, { keys, arguments: args });
      return await client.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    }
    if (isNodeRedis(client)) return client.eval(this.#text, { keys, arguments: args });
    return client.eval(this.#text, keys.length, ...keys, ...args);
  }
}
