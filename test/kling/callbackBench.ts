import { createHmac } from 'node:crypto';
import type { TaskUpdate } from '../../src/tasks/taskApi.js';
import type { ReceiveCallbacksOptions } from '../../src/kling/callbacks/callbackOptions.js';
import { receiveCallbacks, type CallbackReceiver } from '../../src/kling/callbacks/receiveCallbacks.js';
import { VirtualClock } from '../virtualClock.js';

/** The example of Kling's own page. */
export const vector = {
  secret: 'whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=',
  id: '9876543210',
  timestamp: 1_781_080_794,
  body: '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}',
  signature: 'v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=',
} as const;
export const otherSecret = 'whsec_YW5vdGhlcnNlY3JldGFub3RoZXJzZWNyZXRhbm90aGVy';

export const newRunning = {
  id: 't-1',
  status: 'processing',
  external_id: 'e-1',
  create_time: 1_000,
  update_time: 2_000,
};
export const newSucceeded = {
  ...newRunning,
  status: 'succeeded',
  outputs: [{ type: 'video', id: 'v-1', url: 'https://example.org/v.mp4', duration: '5.041' }],
};
export const v1Succeeded = {
  task_id: 't-1',
  task_status: 'succeed',
  task_info: { external_task_id: 'e-1' },
  task_result: { videos: [{ id: 'v-1', url: 'https://example.org/v.mp4', duration: '5.041' }] },
  created_at: 1_000,
  updated_at: 2_000,
  final_unit_deduction: '3.5',
};

export interface CallbackBench extends CallbackReceiver {
  readonly clock: VirtualClock;
  readonly told: TaskUpdate[];
}

/** A receiver, which goes by the time of the vector, and all that it tells. */
export function callbackBench(options: ReceiveCallbacksOptions = {}): CallbackBench {
  const clock = new VirtualClock({ epochMs: vector.timestamp * 1_000 });
  const receiver = receiveCallbacks({ clock, ...options });
  const told: TaskUpdate[] = [];
  receiver.on((update) => told.push(update));
  return { ...receiver, clock, told };
}

export function signature(
  secret: string,
  body: string | Uint8Array,
  id = 'm-1',
  timestamp = `${vector.timestamp}`,
): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

export function signedHeaders(secret: string, body: string | Uint8Array): Record<string, string> {
  return {
    'webhook-id': 'm-1',
    'webhook-timestamp': `${vector.timestamp}`,
    'webhook-signature': signature(secret, body),
  };
}

/** A callback as `fetch` handlers get it. */
export function post(body: unknown, headers: Record<string, string> = {}, path = '/'): Request {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Request(`http://localhost${path}`, { method: 'POST', body: text, headers });
}
