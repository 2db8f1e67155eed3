import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCallbackTask } from '../../src/kling/callbacks/callbackTask.js';
import { KlingError } from '../../src/kling/errors.js';
import { callbackBench, newSucceeded, signature, v1Succeeded, vector } from '../kling/callbackBench.js';
import { runs } from '../runs.js';
import { expectAmount, expectHarmless, expectLinear, expectUnpolluted, outcomeOf } from './expectations.js';
import { altered, mangled, mangledBytes, wildJson } from './mangled.js';

const task = fc.constantFrom<unknown>(newSucceeded, v1Succeeded, { ...newSucceeded, ...v1Succeeded });
const text = fc.oneof(altered(task), mangled(task.map((it) => JSON.stringify(it))), wildJson);
const bytes = fc.oneof(
  text.map((it) => Buffer.from(it)),
  mangledBytes(text.map((it) => Buffer.from(it))),
);

describe('a callback of any bytes', () => {
  it('should never be anything but a task that is fit to go on with, or an error of the client’s', () => {
    let tasks = 0;
    fc.assert(
      fc.property(bytes, (body) => {
        const outcome = outcomeOf(() => readCallbackTask(body));
        expectUnpolluted(outcome);
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(KlingError);
          expectHarmless((outcome.error as KlingError).message);
          return;
        }
        tasks += 1;
        const { status, outputs, credits, createdAtMs, updatedAtMs } = outcome.value.task;
        for (const amount of [credits, createdAtMs, updatedAtMs]) expectAmount(amount);
        for (const { durationMs } of outputs) expectAmount(durationMs);
        expect(outputs.length > 0).toBe(status === 'succeeded' && outcome.value.isWhole);
      }),
      runs(500),
    );
    expect(tasks).toBeGreaterThan(25);
  });

  it('should never be taken for signed where anything of it, or of its head, has changed', async () => {
    const headers = { 'webhook-id': vector.id, 'webhook-timestamp': `${vector.timestamp}` };
    const signed = { ...headers, 'webhook-signature': signature(vector.secret, vector.body, vector.id) };
    const { fetch } = callbackBench({ secret: vector.secret });
    const nameOrBody = fc.constantFrom('body', ...Object.keys(signed));
    const send = (head: Record<string, string>, body: string): Promise<Response> =>
      fetch(new Request('http://localhost', { method: 'POST', headers: head, body }));
    expect((await send(signed, vector.body)).status).toBe(200);
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(nameOrBody, fc.nat(), fc.stringMatching(/^[!-~]{0,3}$/), async (changed, at, put) => {
        const all: Record<string, string> = { body: vector.body, ...signed };
        const before = all[changed] ?? '';
        const from = at % before.length;
        const after = before.slice(0, from) + put + before.slice(from + 1);
        // The id and the time are but numbers, and one signature may stand beside others.
        if (after === before || `${after} `.includes(`${before} `)) return;
        changes += 1;
        const { body, ...head } = { ...all, [changed]: after };
        const answer = await send(head, body ?? '');
        expect(answer.status).toBe(401);
      }),
      runs(200),
    );
    expect(changes).toBeGreaterThan(100);
  });

  it('should never take longer than it is long', () => {
    for (const piece of ['[', '{"id":', '"', '\\u0000', ' ', '1']) {
      expectLinear(
        (it) => readCallbackTask(Buffer.from(it)),
        (length) => piece.repeat(length / piece.length),
      );
    }
  });
});
