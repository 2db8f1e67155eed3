import { Agent, request, type Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';
import { sluice, type SluiceOptions } from '../../src/http/interceptor.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { Loopback, type Reply } from './loopback.js';
import { RecordingLimit } from './recordingLimit.js';

/** How to poll for what comes soon, on a busy machine as well. */
export const patiently = { timeout: 60_000, interval: 5 };

export interface Setup {
  readonly server: Loopback;
  readonly limiter: Limiter;
  readonly dispatcher: Dispatcher;
  readonly record: RecordingLimit;
}

/** A server, and a limiter of one request at a time in front of it, for one test. */
export async function setUp(
  replies: Record<string, Reply>,
  options: SluiceOptions = {},
  limiterOptions: Partial<LimiterOptions> = {},
): Promise<Setup> {
  const server = await Loopback.start(replies);
  onTestFinished(() => server.stop());
  const record = new RecordingLimit();
  const limiter = createLimiter({ limits: [concurrency({ limit: 1 }), record], ...limiterOptions });
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  return { server, limiter, record, dispatcher: agent.compose(sluice(limiter, options)) };
}

export async function read({ server, dispatcher }: Setup, path = '/', options = {}): Promise<string> {
  const { body } = await request(`${server.url}${path}`, { dispatcher, ...options });
  return body.text();
}
