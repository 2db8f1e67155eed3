import { afterEach, beforeEach } from 'vitest';
import { createKlingClient } from '../../src/kling/client.js';
import type { KlingClientOptions } from '../../src/kling/clientOptions.js';
import type { KlingClient } from '../../src/kling/clientOver.js';
import { KlingError } from '../../src/kling/errors.js';
import type { PollAnswer, RemoteTask } from '../../src/tasks/taskApi.js';
import { VirtualClock } from '../virtualClock.js';
import { ScriptedServer } from './scriptedServer.js';

export const submitted = { task_id: 't-1', task_status: 'submitted', task_info: { external_task_id: 'e-1' } };
export const succeeded = {
  ...submitted,
  task_status: 'succeed',
  task_result: { videos: [{ id: 'v-1', url: 'https://example.org/v.mp4', duration: '5.041' }] },
  final_unit_deduction: '3.5',
};
/** What `submitted` is read as. */
export const running: RemoteTask = {
  ref: { product: 'text2video', id: 't-1' },
  status: 'running',
  outputs: [],
  externalId: 'e-1',
};

export interface KlingBench {
  readonly server: ScriptedServer;
  readonly clock: VirtualClock;
  /** A client of `server` on `clock`, with an API key unless other keys are given; closed after the test. */
  client(options?: Partial<KlingClientOptions>): KlingClient;
}

/** A server, a clock and clients for each test of a file. */
export function klingBench(): KlingBench {
  const clients: KlingClient[] = [];
  let server: ScriptedServer;
  let clock: VirtualClock;

  beforeEach(async () => {
    server = await ScriptedServer.start();
    clock = new VirtualClock();
  });

  afterEach(async () => {
    await server.stop();
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  return {
    get server() {
      return server;
    },
    get clock() {
      return clock;
    },
    client(options = {}) {
      const keys = 'accessKey' in options ? {} : { apiKey: 'api-key-of-the-test' };
      const client = createKlingClient({ baseUrl: server.url, clock, ...keys, ...options });
      clients.push(client);
      return client;
    },
  };
}

export function submit(client: KlingClient, input: unknown = 'A cat'): Promise<RemoteTask> {
  return client.submit(client.parse(input), 'e-1');
}

export function poll(client: KlingClient, id = 't-1'): Promise<readonly PollAnswer[]> {
  return client.poll([{ product: 'text2video', id }]);
}

/** The error of a call that has to fail with one of the client's own. */
export async function failureOf(call: Promise<unknown>): Promise<KlingError> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof KlingError) return error;
  throw error;
}

/** What the new API tells of the same tasks. */
export const newSubmitted = { id: 't-1', status: 'submitted', external_id: 'e-1' };
export const newSucceeded = {
  ...newSubmitted,
  status: 'succeeded',
  outputs: [{ type: 'video', id: 'v-1', url: 'https://example.org/v.mp4', duration: '5.041' }],
  billing: [{ amount: '3.5' }],
};
