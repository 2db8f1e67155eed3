import type { KlingApi, KlingClientOptions } from '../src/kling/index.js';
import { UsageError } from './usageError.js';

export type Keys = Pick<KlingClientOptions, 'apiKey' | 'accessKey' | 'secretKey'>;

/** What the simulator takes. */
export const simulatedKeys: Keys = { apiKey: 'sim-key' };

/**
 * The keys in the environment: KLING_API_KEY, or else KLING_ACCESS_KEY and KLING_SECRET_KEY. An empty variable is none.
 *
 * @throws UsageError saying what to set
 */
export function keysFrom(env: NodeJS.ProcessEnv, api: KlingApi = 'v1'): Keys {
  const [apiKey, accessKey, secretKey] = ['KLING_API_KEY', 'KLING_ACCESS_KEY', 'KLING_SECRET_KEY'].map(
    (name) => env[name] ?? '',
  );
  if (apiKey) return { apiKey };
  if (api === 'new' && (accessKey || secretKey)) {
    throw new UsageError('--api new needs KLING_API_KEY: KLING_ACCESS_KEY and KLING_SECRET_KEY are for --api v1');
  }
  if (accessKey && secretKey) return { accessKey, secretKey };
  if (accessKey) throw new UsageError('KLING_ACCESS_KEY is set and KLING_SECRET_KEY is not: set both');
  if (secretKey) throw new UsageError('KLING_SECRET_KEY is set and KLING_ACCESS_KEY is not: set both');
  throw new UsageError(
    'no credentials: set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY (or use --simulate)',
  );
}
