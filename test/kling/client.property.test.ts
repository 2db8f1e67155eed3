import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/errors.js';
import { parseKlingRequest } from '../../src/kling/klingRequest.js';
import type { RemoteTask } from '../../src/tasks/taskApi.js';
import { klingBench, poll, submit, submitted, succeeded } from './klingBench.js';
import { text } from './scriptedServer.js';

const bench = klingBench();

const json = fc.jsonValue({ maxDepth: 4 });
/** A good task with some of its fields gone or replaced. */
const nearTask = fc
  .tuple(fc.constantFrom<object>(submitted, succeeded), fc.dictionary(fc.constantFrom(...Object.keys(succeeded)), json))
  .map(([task, changes]) => ({ ...task, ...changes }));
const envelope = fc.record(
  {
    code: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(1000, 1004, 1201, 1303, 5000), json),
    message: fc.oneof(fc.string({ unit: 'binary' }), json),
    request_id: json,
    data: fc.oneof(nearTask, fc.array(nearTask, { maxLength: 2 }), json),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  { weight: 4, arbitrary: envelope.map((value) => JSON.stringify(value)) },
  json.map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
);
const status = fc.constantFrom(200, 200, 201, 301, 400, 401, 404, 429, 500, 502, 503);

const knownStatuses: ReadonlySet<unknown> = new Set(['submitted', 'processing', 'succeed', 'succeeded', 'failed']);

function isWhole(task: RemoteTask): boolean {
  const named = task.ref.product === 'text2video' && task.ref.id !== '';
  const done = task.status !== 'succeeded' || task.outputs.length > 0;
  return named && done && task.outputs.every(({ type, url }) => type === 'video' && url !== '');
}

describe('a client', () => {
  it('should never make anything of an answer but a whole task or an error of its own', async () => {
    const client = bench.client();
    await fc.assert(
      fc.asyncProperty(status, body, fc.boolean(), async (httpStatus, text_, submitting) => {
        bench.server.answers(text(httpStatus, text_));
        const call = submitting ? submit(client) : poll(client).then(([task]) => task);
        const result = await call.catch((error: unknown) => error);
        if (result instanceof SluiceError) return;
        if (result === undefined) expect(submitting).toBe(false);
        else expect(isWhole(result as RemoteTask)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('should never take a state that it does not know for one that it does', async () => {
    const client = bench.client();
    const unknown = fc.string().filter((name) => !knownStatuses.has(name));
    await fc.assert(
      fc.asyncProperty(unknown, async (name) => {
        bench.server.answers(text(200, JSON.stringify({ code: 0, data: { ...succeeded, task_status: name } })));
        await expect(poll(client)).rejects.toMatchObject({ kind: 'unknown-status' });
      }),
    );
  });

  it('should always ask for exactly the id that it was given', async () => {
    const client = bench.client();
    const id = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => !/^\.{1,2}$/.test(value));
    await fc.assert(
      fc.asyncProperty(id, async (value) => {
        bench.server.answers(text(200, JSON.stringify({ code: 0, data: { ...submitted, task_id: value } })));
        await poll(client, value);
        const [, , , , asked = '', ...rest] = bench.server.last.url.split('/');
        expect(decodeURIComponent(asked)).toBe(value);
        expect(rest).toEqual([]);
      }),
    );
  });
});

describe('parseKlingRequest', () => {
  it('should never do anything with an input but parse it, to what it parses to again, or refuse it', () => {
    const input = fc.oneof(
      json,
      fc.dictionary(fc.constantFrom('product', 'prompt', 'mode', 'duration', 'n', 'image', 'video_id'), json),
      fc.record({
        product: fc.constantFrom('text2video', 'images', 'image2video', 'video-extend'),
        prompt: fc.string(),
      }),
    );
    fc.assert(
      fc.property(input, (given) => {
        try {
          const request = parseKlingRequest(given);
          expect(parseKlingRequest(request)).toEqual(request);
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
        }
      }),
    );
  });
});
