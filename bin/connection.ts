import { defer, lastValueFrom } from 'rxjs';
import type { Dispatcher } from 'undici';
import {
  createLimiter,
  OptionsError,
  retryWithJitter,
  scaledClock,
  slidingWindow,
  SluiceError,
  systemClock,
  type Clock,
  type Limiter,
  type Refusal,
  type Retry,
} from '../operators/index.js';
import {
  createKlingClient,
  KlingError,
  type KlingApi,
  type KlingClient,
  type KlingClientOptions,
} from '../src/kling/index.js';
import { startSimulator } from '../src/simulator/index.js';
import { AccountStores } from './accountStores.js';
import { agentThrough } from './agentThrough.js';
import { keysFrom, simulatedKeys, type Keys } from './credentials.js';
import type { Figures } from './figures.js';
import { proxiesFrom } from './proxies.js';
import type { RedisRun } from './redisRun.js';
import { byFlags, clean, messageOf } from './text.js';
import { formatDuration } from './units.js';
import { UsageError } from './usageError.js';

/** A client, and the rate under which it may be used. */
export interface Connection {
  readonly client: KlingClient;
  readonly requests: Limiter;
  /** Kling's time. */
  readonly clock: Clock;
  /** Where the limits of the account are kept, if several workers share them. */
  readonly stores: AccountStores | undefined;
  /** What leads to everything that is not on this machine; undefined for a simulator of our own. */
  readonly dispatcher: Dispatcher | undefined;
  /**
   * Asks whether Kling is there and takes the credentials, under the rate as any other request. What makes it wait is told
   * on standard error.
   *
   * @throws UsageError saying what is wrong
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Which Kling, and how it is spoken to. */
export interface Address {
  readonly api: KlingApi;
  readonly baseUrl?: string | undefined;
}

/** A connection to Kling, with the keys and the proxies of the environment. @throws UsageError, OptionsError */
export function connect(figures: Figures, address: Address, env: NodeJS.ProcessEnv, redis?: RedisRun): Connection {
  const keys = keysFrom(env, address.api);
  const stores = redis && new AccountStores(redis, keys, address.baseUrl);
  const dispatcher = agentThrough(proxiesFrom(env));
  return connectionOf(figures, { ...keys, ...address, dispatcher }, systemClock, () => dispatcher.close(), stores);
}

/** A connection to a simulator of our own, on loopback, whose time is `speed` times as fast. @throws OptionsError */
export async function connectSimulated(figures: Figures, api: KlingApi, speed: number): Promise<Connection> {
  const { concurrent, rate, dailyCredits, timeZone } = figures;
  const simulator = await startSimulator({
    // Its day is that of UTC: at another zone's midnight it would have no new credits, so there our own limit alone counts.
    speed,
    tasks: concurrent,
    credits: timeZone === 'UTC' ? dailyCredits : 'off',
    ...(rate === 'off' ? { requests: 'off' } : { requests: rate.limit, intervalMs: rate.intervalMs }),
  });
  const keys = { ...simulatedKeys, api, baseUrl: simulator.url };
  return connectionOf(figures, keys, scaledClock(systemClock, speed), () => simulator.stop());
}

function connectionOf(
  { rate }: Figures,
  options: Keys & Address & Pick<KlingClientOptions, 'dispatcher'>,
  clock: Clock,
  stop: () => Promise<void>,
  stores?: AccountStores,
): Connection {
  const client = clientOf(options);
  const requests = createLimiter({
    limits: rate === 'off' ? [] : [slidingWindow({ ...rate, name: 'requests' })],
    classify: (error) => client.classify(error),
    clock,
    ...(stores !== undefined && { store: stores.open('requests') }),
  });
  return {
    client,
    requests,
    clock,
    stores,
    dispatcher: options.dispatcher,
    check: () => check(client, requests, clock),
    close: async () => {
      await stores?.close();
      await client.close();
      await stop();
    },
  };
}

/** What the client's options are called out here. */
const namesOutside: Readonly<Record<string, string>> = {
  apiKey: 'KLING_API_KEY',
  accessKey: 'KLING_ACCESS_KEY',
  secretKey: 'KLING_SECRET_KEY',
  baseUrl: '--base-url',
};

function clientOf(options: KlingClientOptions): KlingClient {
  try {
    return createKlingClient(options);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const { message, path } = error;
    throw new UsageError(message.replace(`createKlingClient: ${path}`, namesOutside[path] ?? path), { cause: error });
  }
}

async function check(client: KlingClient, requests: Limiter, clock: Clock): Promise<void> {
  const ask = defer(() => requests.run(() => client.check()));
  const classify = (error: unknown) => refusalOf(client, error);
  try {
    await lastValueFrom(ask.pipe(retryWithJitter({ maxRetries: 3, classify, clock, onRetry: tellWait })));
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const message = byFlags(error.message);
    throw new UsageError(`nothing was submitted: ${message}`, { cause: error });
  }
}

/** Waits that are shorter need no word, unless the answer itself was waited for. */
const untoldMs = 1_000;

function tellWait({ error, delayMs }: Retry): void {
  const isSlow = error instanceof KlingError && error.kind === 'timed-out';
  if (delayMs < untoldMs && !isSlow) return;
  const why = clean(byFlags(messageOf(error)));
  console.error(`sluice: ${why}; asked again in ${formatDuration(delayMs)}, before anything is submitted`);
}

/** From a wrong address every answer is wrong, from the right one now and then one is: it takes a second to tell. */
const unsureBaseMs = 100;

/** What Kling itself says will pass is waited for; a server that is not there is a mistake to be told at once. */
function refusalOf(client: KlingClient, error: unknown): Refusal {
  const refusal = client.classify(error);
  const { meaning } = refusal;
  if (meaning === 'too-fast' || meaning === 'auth-stale') return refusal;
  if (!(error instanceof KlingError) || error.kind === 'not-sent') return { meaning: 'invalid' };
  if (error.kind === 'unknown-shape') return { meaning: 'transient', baseMs: unsureBaseMs };
  if (meaning !== 'transient') return { meaning: 'invalid' };
  return error.kind === 'refused' ? refusal : { ...refusal, baseMs: unsureBaseMs };
}
