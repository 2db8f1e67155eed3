// One of any number of workers, on any machines: BullMQ hands out the jobs and makes up for workers that die, sluice keeps
// the account's limits over all of them and pays for each job once.
//
//   KLING_API_KEY=... REDIS_URL=redis://... node examples/bullmq/worker.js
import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { lastValueFrom, of } from 'rxjs';
import { concurrency, createLimiter, generate, slidingWindow } from 'sluice';
import { createKlingClient } from 'sluice/kling';
import { redisStore } from 'sluice/redis';
import { settings } from './settings.js';

const { redisUrl, queue, limits, lockMs, leaseMs, pollMs, kling } = settings;

const client = createKlingClient(kling);
const redis = new Redis(redisUrl);
redis.on('error', (error) => console.error(error.message));

// Whoever gives the same names and limits shares them. A lease outlasts a task: what a dead worker had running keeps its
// slot for as long as it may go on at Kling.
const slots = createLimiter({
  limits: [concurrency({ limit: limits.slots, name: 'tasks' })],
  store: redisStore({ client: redis, name: `${queue}-slots`, leaseMs }),
});
const requests = createLimiter({
  limits: [slidingWindow({ limit: limits.requests, intervalMs: limits.intervalMs, name: 'requests' })],
  classify: (error) => client.classify(error),
  store: redisStore({ client: redis, name: `${queue}-requests`, leaseMs }),
});

/**
 * The job's id is the id under which Kling has the task. Where a worker has died with it, the next one sends it again under
 * that id, is told that it exists, looks it up, and waits for its end: it is paid for once.
 *
 * @param {import('bullmq').Job<{ prompt: string }>} job
 */
async function make(job) {
  const video = of(job.data.prompt).pipe(
    generate(client, { slots, requests, externalId: () => `${queue}-${job.id}`, pollIntervalMs: pollMs }),
  );
  const result = await lastValueFrom(video);
  if (result.error === undefined) return result.outputs.map(({ url }) => url);
  // What is final stays so under this id, however often it is tried: to make it anew is another job.
  throw result.isFinal ? new UnrecoverableError(result.error.message) : new Error(result.error.message);
}

// More jobs than slots may wait here: which of them is next is decided over all workers.
const worker = new Worker(queue, make, {
  connection: { url: redisUrl },
  concurrency: 2 * limits.slots,
  lockDuration: lockMs,
  stalledInterval: lockMs,
  maxStalledCount: 5,
});
worker.on('completed', (job, urls) => console.log(`${job.id} ${urls.join(' ')}`));
worker.on('failed', (job, error) => console.error(`${job?.id} ${error.message}`));
worker.on('error', (error) => console.error(error.message));

process.once('SIGTERM', async () => {
  await worker.close();
  process.exit();
});
