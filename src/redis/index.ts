/**
 * Limits and journals that processes share through Redis.
 *
 * @module sluice/redis
 */
export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.js';
export { redisJournal, type RedisJournalOptions } from './journal.js';
export { redisStore, type RedisStore, type RedisStoreOptions } from './redisStore.js';
