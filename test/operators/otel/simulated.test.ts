import { from } from 'rxjs';
import { expect, it } from 'vitest';
import { createLimiter } from '../../../operators/createLimiter.js';
import { generate } from '../../../operators/generate.js';
import { observeTasks } from '../../../operators/otel/observeTasks.js';
import { concurrency } from '../../../src/limits/concurrency.js';
import { slidingWindow } from '../../../src/limits/slidingWindow.js';
import { meterLimiter } from '../../../src/otel/limiterMetrics.js';
import { createKlingModel } from '../../../src/simulator/model.js';
import { seededRandom } from '../../../src/simulator/seededRandom.js';
import { createSimulatedClient } from '../../../src/simulator/simulatedClient.js';
import { createWire } from '../../../src/simulator/wire.js';
import { VirtualClock } from '../../../src/virtualClock.js';
import { Measured } from '../../otel/measured.js';
import { record } from '../recording.js';
import { Tracing } from './traced.js';

it("agrees with the simulator's books, whatever goes wrong on the way", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const faults = {
    resetAfter: 0.1,
    pollError: 0.1,
    failing: 0.1,
    tooFast: 0.03,
    latencyMs: { min: 50, max: 400 },
  } as const;
  const model = createKlingModel({ tasks: 3, requests: 40, intervalMs: 60_000, faults, epochAtMs: clock.epochNow() });
  const client = createSimulatedClient({ wire: createWire({ model, clock, random }), clock });
  const requests = createLimiter({
    limits: [slidingWindow({ limit: 30, intervalMs: 60_000, name: 'requests' })],
    clock,
    random,
    classify: (error) => client.classify(error),
  });
  const slots = createLimiter({ limits: [concurrency({ limit: 3, name: 'tasks' })], clock, random });
  const measured = new Measured();
  const tracing = new Tracing();
  const { meterProvider } = measured;
  meterLimiter(requests, { name: 'requests', meterProvider });
  meterLimiter(slots, { name: 'slots', meterProvider });
  const telemetry = observeTasks({ meterProvider, tracerProvider: tracing.tracerProvider, clock });
  const prompts = Array.from({ length: 40 }, (_, index) => `prompt ${index}`);
  const recording = record(
    from(prompts).pipe(
      generate(telemetry.through(client), { clock, random, slots, requests, observer: telemetry.observer }),
    ),
  );
  await clock.settle(86_400_000, () => recording.end !== '');
  const books = model.books(clock.now());

  expect(recording.values).toHaveLength(40);
  expect(books.requests.total).toBeGreaterThan(books.created * 2);
  const ofRequests = { 'sluice.limiter.name': 'requests' };
  expect(await measured.total('sluice.client.request.duration')).toBe(books.requests.total);
  expect(await measured.total('sluice.limiter.admissions', ofRequests)).toBe(books.requests.total);
  expect(await measured.total('sluice.task.attempts')).toBe(books.requests.create);
  expect(await measured.total('sluice.task.submissions')).toBe(books.created);
  expect(await measured.total('sluice.limiter.admissions', { 'sluice.limiter.name': 'slots' })).toBe(40);
  expect(await measured.total('sluice.limiter.usage', { 'sluice.limiter.name': 'slots' })).toBe(0);
  expect(await measured.total('sluice.task.completions', { 'sluice.task.status': 'succeeded' })).toBe(
    books.ended.succeeded,
  );
  expect(await measured.total('sluice.task.credits')).toBe(books.credits.spent);
  const spans = tracing.spans.filter(({ name }) => name === 'submit task');
  expect(spans).toHaveLength(books.requests.create);
  expect(spans.filter(({ status }) => status.code !== 0).length).toBeGreaterThan(0);
});
