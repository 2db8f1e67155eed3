import fc from 'fast-check';
import { Agent, fetch as undiciFetch, request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sluice } from '../../src/http/interceptor.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { runs } from '../runs.js';
import { hang, Loopback, reset, status, stuck, truncated, type Reply } from './loopback.js';
import { RecordingLimit } from './recordingLimit.js';

const ends = {
  ok: status(200),
  fault: status(500),
  refusal: status(429, { 'retry-after': '0' }),
  reset,
  truncated,
  stuck,
  hang,
} satisfies Record<string, Reply>;
type End = keyof typeof ends;

/** What each request of the run in hand does when the server has it. */
let onArrival: (() => void)[] = [];
let server: Loopback;

beforeAll(async () => {
  const byEnd = Object.entries(ends).flatMap(([end, reply]) =>
    Array.from({ length: 12 }, (_, index): [string, Reply] => [
      `/${end}/${index}`,
      (...given) => {
        reply(...given);
        onArrival[index]?.();
      },
    ]),
  );
  server = await Loopback.start(Object.fromEntries(byEnd));
});
afterAll(() => server.stop());

const shot = fc.record({
  end: fc.constantFrom(...(Object.keys(ends) as End[])),
  client: fc.constantFrom('request', 'fetch'),
  method: fc.constantFrom('GET', 'POST'),
  abort: fc.constantFrom('never', 'at once', 'on arrival'),
});

it('should always give every permit back, once, whatever becomes of its request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shot, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (shots, limit) => {
      const record = new RecordingLimit();
      const coolDown = { rampStepMs: 1, burstAfter: 1_000 };
      const limiter = createLimiter({ limits: [concurrency({ limit }), record], coolDown });
      const agent = new Agent();
      const dispatcher = agent.compose(sluice(limiter));
      onArrival = [];

      const all = shots.map(async ({ end, client, method, abort }, index) => {
        const aborting = new AbortController();
        const needsAbort = end === 'stuck' || end === 'hang';
        if (abort === 'on arrival' || needsAbort) onArrival[index] = () => aborting.abort();
        const url = `${server.url}/${end}/${index}`;
        const options = { method, body: method === 'POST' ? 'hello' : null, signal: aborting.signal, dispatcher };
        const text =
          client === 'fetch'
            ? undiciFetch(url, options).then((answer) => answer.text())
            : request(url, options).then(({ body }) => body.text());
        if (abort === 'at once') aborting.abort();
        return text;
      });
      await Promise.allSettled(all);
      await agent.destroy();

      expect(limiter).toMatchObject({ active: 0, waiting: 0 });
      expect(record.outcomes).toHaveLength(record.taken.length);
    }),
    runs(60),
  );
});
