import { ZodError } from 'zod';
import { hasEnded, isCluster, type RedisClient } from './client.js';

/** Errors of Redis' own that are the same however often one asks. */
const permanent = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|CROSSSLOT|ERR)\b/;

/** What may come in the words of an `ERR`, from within a script, and passes. */
const passing = /\b(OOM|READONLY|MISCONF|LOADING|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|max number of clients)\b/;

/** How Redis says what its user has no right to, outside of a script and within one. */
const forbidden = /^(NOPERM\b|ERR (The user executing the script can't|ACL failure in script)\b)/;

/** The rights that all which sluice asks of Redis takes. */
export const rightsAdvice =
  'its user needs +@read +@write +@scripting +@pubsub +time, on the keys and the channels sluice:*';

/** How a node of a cluster says that another one has what it was asked for. */
const redirected = /^(MOVED|ASK)\b/;

/**
 * True where asking again cannot help. All else passes: a connection that broke, a server that is full (OOM), loads its
 * data (LOADING), has become a replica (READONLY), cannot save (MISCONF).
 */
export function isPermanent(client: RedisClient, error: unknown): boolean {
  if (error instanceof ZodError || hasEnded(client) || isElsewhere(client, error)) return true;
  return error instanceof Error && permanent.test(error.message) && !passing.test(error.message);
}

/** True where the user of the client has no right to what was asked. */
export function isForbidden(error: unknown): error is Error {
  return error instanceof Error && forbidden.test(error.message);
}

/** True where the server is one node of a cluster, and the client knows none but this one. */
function isElsewhere(client: RedisClient, error: unknown): boolean {
  return error instanceof Error && redirected.test(error.message) && !isCluster(client);
}

/** What to do about it. */
export function adviceFor(client: RedisClient, error: unknown): string {
  if (hasEnded(client)) return 'the client is not connected: connect it before, and close it after';
  if (isElsewhere(client, error)) return 'this server is one node of a cluster: use a client of the cluster';
  if (isForbidden(error)) return rightsAdvice;
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) {
    return 'something else is kept under its keys: use a database of its own, or another name';
  }
  return 'see to the server, its password and its access rules';
}
