import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Queue, QueueEvents } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/server.js';
import { RedisServer } from '../redis/redisServer.js';
import { until } from '../until.js';

const [slots, requests, intervalMs, speed] = [3, 8, 1_000, 100];
const jobs = Array.from({ length: 16 }, (_, index) => `video-${index + 1}`);

interface Plant {
  readonly simulator: Simulator;
  /** The outcome of every job that has ended, by its id, as often as it has. */
  readonly ends: readonly (readonly [jobId: string, outcome: string])[];
  /** Resolves once so many have. */
  readonly ended: (count: number) => Promise<void>;
  readonly startWorker: () => ChildProcess;
}

/** A simulator that counts and refuses nothing for speed or slots, a queue with the jobs in it, and workers for both. */
async function startPlant(): Promise<Plant> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const taskMs = { min: 40_000, max: 80_000 };
  const simulator = await startSimulator({
    speed,
    taskMs,
    tasks: 1_000,
    requests: 1e6,
    intervalMs: intervalMs * speed,
  });
  onTestFinished(() => simulator.stop());

  const connection = { url: redis.url };
  const [queue, events] = [new Queue('videos', { connection }), new QueueEvents('videos', { connection })];
  onTestFinished(async () => {
    await Promise.all([queue.close(), events.close()]);
  });
  await events.waitUntilReady();
  const ends: [string, string][] = [];
  const told = new Set<() => void>();
  const note = (jobId: string, outcome: string): void => {
    ends.push([jobId, outcome]);
    for (const check of told) check();
  };
  events.on('completed', ({ jobId }) => note(jobId, 'completed'));
  events.on('failed', ({ jobId, failedReason }) => note(jobId, failedReason));
  await queue.addBulk(jobs.map((jobId) => ({ name: 'video', data: { prompt: `a ${jobId}` }, opts: { jobId } })));

  const env = {
    PATH: process.env['PATH'],
    REDIS_URL: redis.url,
    KLING_BASE_URL: simulator.url,
    SLOTS: String(slots),
    REQUESTS: String(requests),
    INTERVAL_MS: String(intervalMs),
    LOCK_MS: '500',
    LEASE_MS: '2000',
    POLL_MS: '100',
  };
  return {
    simulator,
    ends,
    ended: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (ends.length < count) return;
          told.delete(check);
          resolve();
        };
        told.add(check);
        check();
      }),
    startWorker: () => {
      const worker = spawn(process.execPath, ['examples/bullmq/worker.js'], { env, stdio: 'ignore' });
      onTestFinished(async () => {
        if (worker.exitCode !== null || worker.signalCode !== null) return;
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      });
      return worker;
    },
  };
}

it('should make each job once and keep the limits over all workers, one of which is killed amid its work', async () => {
  const { simulator, ends, ended, startWorker } = await startPlant();

  const first = startWorker();
  await ended(2);
  const isAtWork = (): boolean => simulator.books().tasks.some(({ status }) => status === 'processing');
  await until(isAtWork);
  first.kill('SIGKILL');
  startWorker();
  startWorker();
  await ended(jobs.length);

  const books = simulator.books();
  expect([...ends].sort()).toEqual(jobs.map((jobId) => [jobId, 'completed']).sort());
  expect(books.tasks.map(({ externalId }) => externalId).sort()).toEqual(jobs.map((jobId) => `videos-${jobId}`).sort());
  expect(books.duplicatesRefused).toBeGreaterThan(0);
  expect(books.refused).toEqual({ 1201: books.duplicatesRefused });
  expect(books.greatestRunning).toBeLessThanOrEqual(slots);
  expect(books.greatestArrivals).toBeLessThanOrEqual(requests);
});
