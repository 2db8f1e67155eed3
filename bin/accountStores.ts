import { createHash } from 'node:crypto';
import { redisStore, type RedisStore } from '../src/redis/index.js';
import type { Keys } from './credentials.js';
import type { RedisRun } from './redisRun.js';

/**
 * The limits of an account, which all who use its key share, whatever run they are of. An account is known by a digest
 * of its key: the key itself goes nowhere.
 */
export class AccountStores {
  readonly #redis: RedisRun;
  readonly #account: string;
  readonly #stores: RedisStore[] = [];

  constructor(redis: RedisRun, { apiKey, accessKey }: Keys, baseUrl = '') {
    this.#redis = redis;
    this.#account = createHash('sha256')
      .update(`${apiKey ?? accessKey ?? ''}\n${baseUrl}`)
      .digest('hex')
      .slice(0, 16);
  }

  /** Where the limits of that name are kept. */
  open(name: 'requests' | 'slots'): RedisStore {
    const { client, leaseMs } = this.#redis;
    const store = redisStore({ client, name: `${this.#account} ${name}`, ...(leaseMs !== undefined && { leaseMs }) });
    this.#stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }
}
