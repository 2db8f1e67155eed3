import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientOptions } from '../../src/kling/clientOptions.js';
import { clientOver, type KlingClient } from '../../src/kling/clientOver.js';
import { KlingError } from '../../src/kling/errors.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import type { PollAnswer, RemoteTask } from '../../src/tasks/taskApi.js';
import { runs } from '../runs.js';
import { klingBench, newSubmitted, newSucceeded, poll, submitted, succeeded } from './klingBench.js';
import { VirtualClock } from '../virtualClock.js';
import { text } from './scriptedServer.js';

const json = fc.jsonValue({ maxDepth: 4 });
/** A good task of either standard with some of its fields gone or replaced, some of the names in it those asked for. */
const ids = fc.constantFrom<unknown>('t-1', 't-2', 't-3', 'e-1', '', 1, 2 ** 60, null);
const nearTask = fc
  .tuple(
    fc.constantFrom<object>(submitted, succeeded, newSubmitted, newSucceeded),
    fc.record({ task_id: ids, id: ids, external_id: ids }, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom(...Object.keys({ ...succeeded, ...newSucceeded })), json, { maxKeys: 2 }),
  )
  .map(([task, names, changes]) => ({ ...task, ...names, ...changes }));
const packs = fc.record({
  code: fc.oneof(fc.constant(0), json),
  resource_pack_subscribe_infos: fc.oneof(
    json,
    fc.array(
      fc.record(
        { resource_pack_name: fc.oneof(fc.constantFrom('Video-5Con', '9Con'), json), status: fc.constant('online') },
        { requiredKeys: [] },
      ),
    ),
  ),
});
const envelope = fc.record(
  {
    code: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constantFrom(1000, 1004, 1201, 1203, 1303, 5000), json),
    message: fc.oneof(fc.constant('Task not found by id'), fc.string({ unit: 'binary' }), json),
    request_id: json,
    data: fc.oneof(nearTask, fc.array(fc.oneof(nearTask, json), { maxLength: 4 }), packs, json),
  },
  { requiredKeys: ['code'] },
);
const body = fc.oneof(
  { weight: 8, arbitrary: envelope.map((value) => JSON.stringify(value)) },
  json.map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
);
const status = fc.constantFrom(200, 200, 200, 201, 301, 400, 401, 404, 429, 500, 502, 503);
const api = fc.constantFrom<KlingApi>('v1', 'new');
const product = fc.constantFrom('text2video', 'images');

const knownStatuses: ReadonlySet<unknown> = new Set(['submitted', 'processing', 'succeed', 'succeeded', 'failed']);

/** A client without a network, whose every request has this answer. */
function answeredWith(standard: KlingApi, httpStatus: number, answer: string): KlingClient {
  const transport = {
    send: () => Promise.resolve({ status: httpStatus, retryAfterMs: undefined, text: answer }),
    close: () => Promise.resolve(),
  };
  const settings = parseClientOptions({ api: standard, apiKey: 'api-key-of-the-test', clock: new VirtualClock() });
  return clientOver(transport, settings);
}

function expectWhole(task: RemoteTask, asked: string): void {
  const { ref, outputs, credits = 0, createdAtMs = 0, updatedAtMs = 0, externalId = 'none' } = task;
  expect(ref.product).toBe(asked);
  expect([ref.id, externalId, ...outputs.map(({ url }) => url)]).not.toContain('');
  expect(['running', 'succeeded', 'failed']).toContain(task.status);
  expect(outputs.length > 0).toBe(task.status === 'succeeded');
  const numbers = [credits, createdAtMs, updatedAtMs, ...outputs.map(({ durationMs = 0 }) => durationMs)];
  expect(numbers.every((number) => Number.isFinite(number) && number >= 0)).toBe(true);
}

function settled(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}

describe('a client', () => {
  const bench = klingBench();

  it('should never make anything of an answer to a poll but what is known of each task, or an error of its own', async () => {
    const refs = fc.uniqueArray(fc.constantFrom('t-1', 't-2', 't-3'), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(api, product, refs, status, body, async (standard, asked, names, httpStatus, answer) => {
        const client = answeredWith(standard, httpStatus, answer);
        const outcome = await settled(client.poll(names.map((id) => ({ product: asked, id }))));
        if (outcome instanceof KlingError) return;
        const answers = outcome as readonly PollAnswer[];
        expect(answers).toHaveLength(names.length);
        answers.forEach((each, index) => {
          if (each === 'absent' || each instanceof KlingError) return;
          if (each === 'unseen') {
            expect(names.length).toBeGreaterThan(1);
            return;
          }
          expectWhole(each as RemoteTask, asked);
          expect([(each as RemoteTask).ref.id, (each as RemoteTask).externalId]).toContain(names[index]);
        });
      }),
      runs(2_000),
    );
  });

  it('should never make anything of an answer to a submit or a look-up but a whole task of ours, or an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(api, fc.boolean(), status, body, async (standard, submitting, httpStatus, answer) => {
        const client = answeredWith(standard, httpStatus, answer);
        const request = client.parse('A cat');
        const outcome = await settled(submitting ? client.submit(request, 'e-1') : client.lookUp(request, 'e-1'));
        if (outcome instanceof KlingError || (outcome === undefined && !submitting)) return;
        expectWhole(outcome as RemoteTask, 'text2video');
        expect((outcome as RemoteTask).externalId ?? 'e-1').toBe('e-1');
      }),
      runs(2_000),
    );
  });

  it('should never make anything of an answer about packs but packs, or an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(api, status, body, async (standard, httpStatus, answer) => {
        const client = answeredWith(standard, httpStatus, answer);
        const [list, slots] = [await settled(client.packs()), await settled(client.concurrency())];
        expect(slots instanceof KlingError).toBe(list instanceof KlingError);
        if (list instanceof KlingError) return;
        expect(Array.isArray(list)).toBe(true);
        expect(slots === undefined || slots === 5 || slots === 9).toBe(true);
      }),
      runs(500),
    );
  });

  it('should never take a state that it does not know for one that it does', async () => {
    const unknown = fc.string().filter((name) => !knownStatuses.has(name));
    await fc.assert(
      fc.asyncProperty(api, unknown, async (standard, name) => {
        const data = [{ ...succeeded, ...newSucceeded, task_status: name, status: name }];
        const client = answeredWith(standard, 200, JSON.stringify({ code: 0, data }));
        expect(await poll(client)).toMatchObject([{ kind: 'unknown-status' }]);
      }),
      runs(200),
    );
  });

  it('should always ask for exactly the id that it was given', async () => {
    const clients = { v1: bench.client(), new: bench.client({ api: 'new' }) };
    const id = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((value) => !/^\.{1,2}$/.test(value) && !value.includes(','));
    await fc.assert(
      fc.asyncProperty(api, id, async (standard, value) => {
        const data = [{ ...submitted, ...newSubmitted, task_id: value, id: value }];
        bench.server.answers(text(200, JSON.stringify({ code: 0, data })));
        expect(await poll(clients[standard], value)).toMatchObject([{ ref: { id: value } }]);
        const before = standard === 'v1' ? '/v1/videos/text2video/' : '/tasks?task_ids=';
        const { url } = bench.server.last;
        expect(url.startsWith(before)).toBe(true);
        expect(url.slice(before.length)).not.toMatch(/[/?&#,]/);
        expect(decodeURIComponent(url.slice(before.length))).toBe(value);
      }),
      runs(100),
    );
  });
});
