// A first script of somebody who has installed the package, in plain JavaScript, on whatever runs JavaScript: each entry
// point does something real once. Prints a line for each, and ends by itself; code 1: one of them does not work here.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defer, from, lastValueFrom, of, range, toArray } from 'rxjs';
import * as sluice from 'sluice';

// `--without NAME`: a check that is known not to work here.
const { values } = parseArgs({ options: { without: { type: 'string', multiple: true, default: [] } } });
const all = (stream$) => lastValueFrom(stream$.pipe(toArray()));
const folder = await mkdtemp(join(tmpdir(), 'sluice-smoke-'));

/** An API of our own: a task has ended when it is asked about for the second time. */
function createApi() {
  const asked = new Map();
  const remote = (id) => {
    asked.set(id, (asked.get(id) ?? -1) + 1);
    const outputs = [{ type: 'image', url: `https://example.com/${id}` }];
    return { ref: { product: 'pictures', id }, status: asked.get(id) < 2 ? 'running' : 'succeeded', outputs };
  };
  return {
    tasks: asked,
    pollBatch: 10,
    parse: (input) => ({ prompt: String(input) }),
    submit: (_request, externalId) => Promise.resolve(remote(externalId)),
    lookUp: (_request, externalId) => Promise.resolve(asked.has(externalId) ? remote(externalId) : undefined),
    poll: (refs) => Promise.resolve(refs.map(({ id }) => remote(id))),
    classify: () => ({ meaning: 'transient' }),
    productOf: () => 'pictures',
    weigh: () => 1,
    estimateCredits: () => 1,
  };
}

async function statuses(api, options) {
  const results = await all(from(['a cat', 'a storm']).pipe(sluice.generate(api, options)));
  return results.map(({ status }) => status);
}

/** A simulator that is 200 times as fast as Kling. */
const quick = { tier: 'pro', speed: 200, taskMs: { min: 20_000, max: 20_000 } };
const bothMade = ['succeeded', 'succeeded'];

const checks = {
  async sluice() {
    assert.deepEqual(await all(range(1, 4).pipe(sluice.rateLimit({ limit: 2, intervalMs: 30 }))), [1, 2, 3, 4]);
    const double = (n) => Promise.resolve(2 * n);
    assert.deepEqual(await all(range(1, 3).pipe(sluice.concurrencyLimit(double, { limit: 2 }))), [2, 4, 6]);
    let tries = 0;
    const flaky$ = defer(() => (++tries < 3 ? Promise.reject(new Error('not yet')) : of(tries)));
    assert.deepEqual(await all(flaky$.pipe(sluice.retryWithJitter({ baseMs: 1 }))), [3]);
    let polls = 0;
    const options = { poll: () => of(++polls), isDone: (count) => count === 3, intervalMs: 5 };
    assert.deepEqual(await all(of('task').pipe(sluice.pollUntilDone(options))), [3]);
    assert.deepEqual(await statuses(createApi(), { pollIntervalMs: 5 }), bothMade);
    assert.deepEqual(await all(sluice.pullFrom([1, 2, 3], double, { limit: 1 })), [2, 4, 6]);
    const limiter = sluice.createLimiter({ limits: [sluice.concurrency({ limit: 1 })] });
    assert.deepEqual(await Promise.all([limiter.run(() => 'a'), limiter.run(() => 'b')]), ['a', 'b']);
    await new Promise((resolve) => sluice.systemClock.schedule(-5, resolve));
    assert.throws(() => sluice.rateLimit({ limit: 0 }), { name: 'OptionsError', code: 'SLUICE_BAD_OPTIONS' });
  },

  async 'sluice/forecast'() {
    const { forecast } = await import('sluice/forecast');
    const { made, boundBy } = await forecast(['a', 'b', 'c', 'd'], { tier: 'standard', taskMs: 90_000 });
    assert.deepEqual({ made, boundBy }, { made: 4, boundBy: 'tasks' });
  },

  async 'sluice/journal'() {
    const { fileJournal } = await import('sluice/journal');
    const api = createApi();
    const options = () => ({ journal: fileJournal({ directory: join(folder, 'run') }), pollIntervalMs: 5 });
    assert.deepEqual(await statuses(api, options()), bothMade);
    assert.deepEqual(await statuses(api, options()), bothMade);
    assert.equal(api.tasks.size, 2);
  },

  async 'sluice/simulator'() {
    const { startSimulator } = await import('sluice/simulator');
    const simulator = await startSimulator(quick);
    const headers = { authorization: 'Bearer sim-key', 'content-type': 'application/json' };
    const ask = async (path, init) => (await fetch(`${simulator.url}/v1/images${path}`, { headers, ...init })).json();
    const { data } = await ask('/generations', { method: 'POST', body: JSON.stringify({ prompt: 'a cat' }) });
    const poll = () => ask(`/generations/${data.task_id}`);
    const isDone = (answer) => answer.data.task_status === 'succeed';
    const [made] = await all(of('task').pipe(sluice.pollUntilDone({ poll, isDone, intervalMs: 20 })));
    const picture = await fetch(made.data.task_result.images[0].url);
    assert.match(await picture.text(), /^.PNG/);
    await simulator.stop();
  },

  async 'sluice/http'() {
    const { classifyHttp, HttpError } = await import('sluice/http');
    const error = new HttpError({ status: 429, headers: { 'retry-after': '3' } });
    assert.deepEqual(classifyHttp(error), { meaning: 'too-fast', baseMs: 1_000, hintMs: 3_000 });
  },

  // Both need undici itself.
  async 'sluice/kling, downloads'() {
    const { createKlingClient } = await import('sluice/kling');
    const { download } = await import('sluice/http');
    const { startSimulator } = await import('sluice/simulator');
    const simulator = await startSimulator(quick);
    const client = createKlingClient({ apiKey: 'sim-key', baseUrl: simulator.url });
    const clock = sluice.scaledClock(sluice.systemClock, quick.speed);
    assert.deepEqual(await statuses(client, { tier: 'pro', clock }), bothMade);
    const [{ outputs }] = await all(of('a lighthouse').pipe(sluice.generate(client, { tier: 'pro', clock })));
    await download({ url: outputs[0].url, file: join(folder, 'video.mp4') });
    assert.equal((await readFile(join(folder, 'video.mp4'))).length, 48_000);
    await client.close();
    await simulator.stop();
  },

  async 'sluice/sse'() {
    const { sse } = await import('sluice/sse');
    const text = await sse(of({ data: { percent: 50 } })).text();
    assert.match(text, /^retry: \d+\n\ndata: \{"percent":50\}\n\nid: end\nevent: end\n/);
  },

  async 'sluice/redis'() {
    const { redisStore } = await import('sluice/redis');
    assert.throws(() => redisStore({ client: {}, name: 'none' }), { name: 'OptionsError', path: 'client' });
    const url = process.env.SLUICE_REDIS_URL;
    if (url === undefined) return;
    const { createClient } = await import('redis');
    const client = await createClient({ url }).connect();
    const store = redisStore({ client, name: `smoke ${process.pid}` });
    const shared = sluice.createLimiter({ limits: [sluice.concurrency({ limit: 1 })], store });
    assert.deepEqual(await Promise.all([shared.run(() => 'a'), shared.run(() => 'b')]), ['a', 'b']);
    await store.close();
    await client.close();
  },
};

process.on('warning', ({ message }) => {
  process.exitCode = 1;
  console.log(`failed  a warning: ${message}`);
});
for (const [name, check] of Object.entries(checks)) {
  if (values.without.includes(name)) continue;
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`failed  ${name}: ${error.stack}`);
  }
}
await rm(folder, { recursive: true, force: true });
// Something that failed half-way may still be open.
if (process.exitCode === 1) process.exit();
