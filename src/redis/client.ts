/**
 * What sluice asks of a Redis client: node-redis 5 and later (a single server or a cluster), or ioredis 5 and later
 * (`Redis` or `Cluster`). The client stays yours: connect it, listen to its `error` event, close it.
 */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** The part of `createClient()` and `createCluster()` of the package `redis` that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  duplicate(): unknown;
}

/** The part of `Redis` and `Cluster` of the package `ioredis` that is used. */
export interface IoRedisClient {
  readonly status: string;
  evalsha(sha: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  duplicate(options?: object): unknown;
}

export function isRedisClient(client: unknown): client is RedisClient {
  if (typeof client !== 'object' || client === null) return false;
  return 'duplicate' in client && (isNodeRedis(client as RedisClient) || 'evalsha' in client);
}

export function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  return 'evalSha' in client;
}

/** True of `createCluster()`'s clients and of ioredis' `Cluster`, which follow a redirection themselves. */
export function isCluster(client: RedisClient): boolean {
  return isNodeRedis(client) ? 'masters' in client : 'isCluster' in client && client.isCluster === true;
}

/** True once nothing can be sent on it any more, and before it is connected. */
export function hasEnded(client: RedisClient): boolean {
  return isNodeRedis(client) ? !client.isOpen : client.status === 'end';
}
