export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.js';
export { redisJournal, type RedisJournalOptions } from './journal.js';
export { redisStore, type RedisStore, type RedisStoreOptions } from './redisStore.js';
