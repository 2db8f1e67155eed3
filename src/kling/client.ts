import { parseClientOptions, type KlingClientOptions } from './clientOptions.js';
import { clientOver, type KlingClient } from './clientOver.js';
import { createTransport } from './transport.js';

/**
 * A client of Kling AI, of either of its API standards (`api`). Every call is one request: nothing is retried here, so
 * that each request can have a permit. A stale token is forgotten, so the call after an `auth-stale` refusal signs a
 * new one.
 *
 * All calls reject with a `KlingError` (`classify` tells what it means), with an `OptionsError` for what can't be sent,
 * or with the reason of an aborted `signal`. A poll answers each task by itself: an answer about one of them that is of
 * no use is a `KlingError` in its place, not a rejection. Keys and tokens are in none of them, nor in what inspecting a
 * client shows.
 *
 * A request that names no model is made by Kling's choice with `v1`, and by `kling-3.0-turbo` with `new`.
 *
 * @throws OptionsError
 */
export function createKlingClient(options: KlingClientOptions): KlingClient {
  const settings = parseClientOptions(options);
  return clientOver(createTransport(settings), settings);
}
