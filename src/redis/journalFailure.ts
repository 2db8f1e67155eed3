import { ZodError } from 'zod';
import { isNodeRedis, type RedisClient } from './client.js';

/** Errors of Redis' own that are the same however often one asks. */
const permanent = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|CROSSSLOT|ERR)\b/;

/** What may come in the words of an `ERR`, from within a script, and passes. */
const passing = /\b(OOM|READONLY|MISCONF|LOADING|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|max number of clients)\b/;

/**
 * True where asking again cannot help. All else passes: a connection that broke, a server that is full (OOM), loads its
 * data (LOADING), has become a replica (READONLY), cannot save (MISCONF).
 */
export function isPermanent(client: RedisClient, error: unknown): boolean {
  if (error instanceof ZodError || hasEnded(client)) return true;
  return error instanceof Error && permanent.test(error.message) && !passing.test(error.message);
}

/** True once nothing can be sent on it any more, and before it is connected. */
function hasEnded(client: RedisClient): boolean {
  return isNodeRedis(client) ? !client.isOpen : client.status === 'end';
}

/** What to do about it. */
export function adviceFor(client: RedisClient): string {
  return hasEnded(client)
    ? 'the client is not connected: connect it before, and close it after'
    : 'see to the server, its password and its access rules, and run again';
}
