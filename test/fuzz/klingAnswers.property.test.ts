import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { decodeEntry, encodeEntry } from '../../src/journal/entries.js';
import { readEnvelope } from '../../src/kling/answer.js';
import { parseClientOptions } from '../../src/kling/clientOptions.js';
import { clientOver, type KlingClient } from '../../src/kling/clientOver.js';
import { KlingError } from '../../src/kling/errors.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import type { RemoteTask } from '../../src/tasks/taskApi.js';
import { newSucceeded, succeeded } from '../kling/klingBench.js';
import { VirtualClock } from '../virtualClock.js';
import { runs } from '../runs.js';
import { expectAmount, expectHarmless, expectLinear, expectUnpolluted, expectWithout } from './expectations.js';
import { altered, mangled, wildJson } from './mangled.js';

const apiKey = 'api-key-that-nobody-sees';
const packs = { code: 0, resource_pack_subscribe_infos: [{ resource_pack_name: 'Video-5Con', status: 'online' }] };
/** Numbers of any size, as Kling writes them: as such, or in a string. */
const amount = fc.oneof(
  fc.double(),
  fc.double().map(String),
  fc
    .tuple(fc.integer({ min: 1, max: 330 }), fc.constantFrom('', '.5'))
    .map(([digits, rest]) => '9'.repeat(digits) + rest),
);
const task = fc.record({ duration: amount, credits: amount, atMs: amount }).map(({ duration, credits, atMs }) => ({
  ...succeeded,
  ...newSucceeded,
  final_unit_deduction: credits,
  billing: [{ amount: credits }],
  created_at: atMs,
  create_time: atMs,
  outputs: [{ ...newSucceeded.outputs[0], duration }],
  task_result: { videos: [{ url: 'https://e.org/v', duration }], images: [{ url: 'https://e.org/i' }] },
}));
const good = fc.record({
  code: fc.constantFrom(0, 0, 0, 0, 0, 0, 1_004, 1_201),
  message: fc.constantFrom('SUCCEED', 'Task not found', `bad key ${apiKey}`),
  request_id: fc.constantFrom('req-1', apiKey),
  data: fc.oneof<fc.Arbitrary<unknown>[]>(
    task,
    task.map((it) => [it]),
    task.map((it) => [it, { ...it, task_id: 't-2', id: 't-2' }]),
    fc.constant(packs),
  ),
});
const escaped = apiKey.replace(/./g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
const body = fc.oneof(
  { weight: 5, arbitrary: altered(good) },
  {
    weight: 3,
    arbitrary: mangled(
      good.map((answer) => JSON.stringify(answer)),
      ...[apiKey, escaped, '\\u001b[31m', '"status":', '"duration":', '"url":""'],
    ),
  },
  good.map((answer) => JSON.stringify(answer).replaceAll(apiKey, escaped)),
  wildJson.map((data) => `{"code":0,"data":${data}}`),
  wildJson,
);
const status = fc.constantFrom(200, 200, 200, 301, 401, 404, 429, 500, 503);
const api = fc.constantFrom<KlingApi>('v1', 'new');
const refs = ['t-1', 't-2', 't-3'].map((id) => ({ product: 'text2video', id }));

/** All that a client can be asked for, on the same answer. */
const questions: readonly ((client: KlingClient) => Promise<unknown>)[] = [
  (client) => client.submit(client.parse('A cat'), 'e-1'),
  (client) => client.lookUp(client.parse('A cat'), 'e-1'),
  (client) => client.poll(refs.slice(0, 1)),
  (client) => client.poll(refs),
  (client) => client.list('images'),
  (client) => client.packs(),
  (client) => client.concurrency(),
  (client) => client.check(),
];

function answeredWith(standard: KlingApi, httpStatus: number, text: string): KlingClient {
  const send = () => Promise.resolve({ status: httpStatus, retryAfterMs: undefined, text });
  const transport = { send, close: () => Promise.resolve() };
  return clientOver(transport, parseClientOptions({ api: standard, apiKey, clock: new VirtualClock() }));
}

function isTask(value: unknown): value is RemoteTask {
  return typeof value === 'object' && value !== null && 'ref' in value;
}

/** It is fit for everything that is done with a task: for sums, for the journal, for its file. */
function expectFit({ ref, status: state, outputs, credits = 0, createdAtMs, updatedAtMs }: RemoteTask): void {
  expect(ref.id).not.toBe('');
  for (const amount of [credits, createdAtMs, updatedAtMs]) expectAmount(amount);
  for (const { durationMs } of outputs) expectAmount(durationMs);
  if (state === 'running') return;
  const outcome = { status: state, taskId: ref.id, outputs, attempts: 1, endedAtMs: 0, credits };
  const entry = { type: 'ended', id: 'e-1', outcome, atMs: 0 } as const;
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
}

function expectOurs(error: unknown): void {
  if (!(error instanceof KlingError) && !(error instanceof OptionsError)) throw error;
  expectHarmless(error.message);
}

describe('an answer of any text', () => {
  it('should never be anything but what is fit to go on with, or an error of the client’s', async () => {
    let tasks = 0;
    await fc.assert(
      fc.asyncProperty(api, status, body, fc.constantFrom(...questions), async (standard, code, text, ask) => {
        const outcome = await ask(answeredWith(standard, code, text)).catch((error: unknown) => {
          expectOurs(error);
          return error;
        });
        for (const each of [outcome].flat()) {
          if (each instanceof Error) expectOurs(each);
          if (!isTask(each)) continue;
          tasks += 1;
          expectFit(each);
        }
        expectUnpolluted(outcome);
        expectWithout(apiKey, outcome);
      }),
      runs(600),
    );
    expect(tasks).toBeGreaterThan(20);
  });

  it('should never take longer than it is long', () => {
    const redact = (text: string): string => text.replaceAll(apiKey, '***');
    const read = (text: string): unknown => readEnvelope(text, redact);
    for (const piece of ['[', '{"a":', '"', '\\', '\\u001b', ' ', '1', '{"code":0,', '\x1b']) {
      expectLinear(read, (length) => piece.repeat(length / piece.length));
      expectLinear(read, (length) => `{"code":0,"message":"${piece.repeat(length / piece.length)}"}`);
    }
  });
});
