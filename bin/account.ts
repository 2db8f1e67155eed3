import { defer, lastValueFrom } from 'rxjs';
import {
  concurrency,
  createLimiter,
  dailyQuota,
  OptionsError,
  retryWithJitter,
  scaledClock,
  slidingWindow,
  SluiceError,
  systemClock,
  type Clock,
  type Limiter,
} from '../operators/index.js';
import { createKlingClient, KlingError, type KlingClient, type KlingClientOptions } from '../src/kling/index.js';
import { startSimulator } from '../src/simulator/index.js';
import { keysFrom, simulatedKeys, type Keys } from './credentials.js';
import type { Figures } from './figures.js';
import { UsageError } from './usageError.js';

/** A client, and the limits under which it may be used. */
export interface Account {
  readonly client: KlingClient;
  readonly slots: Limiter;
  readonly requests: Limiter;
  /** Kling's time. */
  readonly clock: Clock;
  /**
   * Asks whether Kling is there and takes the credentials, under the rate as any other request.
   *
   * @throws UsageError saying what is wrong
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** An account at Kling, with the keys of the environment. @throws UsageError, OptionsError */
export function openAccount(figures: Figures, baseUrl: string | undefined, env: NodeJS.ProcessEnv): Account {
  return accountOf(figures, { ...keysFrom(env), baseUrl }, systemClock, () => Promise.resolve());
}

/** An account in a simulator of our own, on loopback, whose time is `speed` times as fast. @throws OptionsError */
export async function simulateAccount(figures: Figures, speed: number): Promise<Account> {
  const { concurrent, rate, dailyCredits } = figures;
  const simulator = await startSimulator({
    ...{ speed, tasks: concurrent, credits: dailyCredits },
    ...(rate === 'off' ? { requests: 'off' } : { requests: rate.limit, intervalMs: rate.intervalMs }),
  });
  const keys = { ...simulatedKeys, baseUrl: simulator.url };
  return accountOf(figures, keys, scaledClock(systemClock, speed), () => simulator.stop());
}

function accountOf(
  figures: Figures,
  options: Keys & { readonly baseUrl: string | undefined },
  clock: Clock,
  stop: () => Promise<void>,
): Account {
  const client = clientOf(options);
  const { concurrent, rate, dailyCredits } = figures;
  const slots = createLimiter({
    limits: [
      concurrency({ limit: concurrent, name: 'tasks' }),
      ...(dailyCredits === 'off' ? [] : [dailyQuota({ limit: dailyCredits, timeZone: 'UTC', name: 'credits' })]),
    ],
    clock,
  });
  const requests = createLimiter({
    limits: rate === 'off' ? [] : [slidingWindow({ ...rate, name: 'requests' })],
    classify: (error) => client.classify(error),
    clock,
  });
  return {
    ...{ client, slots, requests, clock },
    check: () => check(client, requests, clock),
    close: async () => {
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
  const classify = (error: unknown) => (mayPass(client, error) ? client.classify(error) : 'invalid');
  try {
    await lastValueFrom(ask.pipe(retryWithJitter({ maxRetries: 3, classify, clock })));
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const message = error.message.replaceAll('baseUrl', '--base-url');
    throw new UsageError(`nothing was submitted: ${message}`, { cause: error });
  }
}

/** What Kling itself says will pass; a server that is not there, or is not Kling, is a mistake to be told at once. */
function mayPass(client: KlingClient, error: unknown): boolean {
  const { meaning } = client.classify(error);
  if (meaning === 'too-fast' || meaning === 'auth-stale') return true;
  return meaning === 'transient' && error instanceof KlingError && error.kind === 'refused';
}
