// Twelve prompts and a worker that is killed amid three of them; three others finish. Against a simulator of Kling, sixty
// times as fast.
//
//   npm run build; redis-server --save '' & node examples/bullmq/demo.js
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, QueueEvents } from 'bullmq';
import { startSimulator } from 'sluice/simulator';

const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const name = `demo-${Date.now()}`;
const simulator = await startSimulator({ speed: 60, taskMs: { min: 24_000, max: 83_000 } });

const connection = { url: redisUrl };
const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
await events.waitUntilReady();
const prompts = readFileSync(new URL('../prompts.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .slice(0, 12);
const allEnded = countEnds(prompts.length);
await queue.addBulk(
  prompts.map((prompt, index) => ({ name: 'video', data: { prompt }, opts: { jobId: `video-${index + 1}` } })),
);

const first = startWorker();
while (simulator.books().running < 3) await sleep(20);
first.kill('SIGKILL');
console.log('-- three are being made, and their worker is killed --');
const others = [startWorker(), startWorker(), startWorker()];

const done = await allEnded;
const { created, greatestRunning, duplicatesRefused, refused } = simulator.books();
console.log(
  `${done} of ${prompts.length} jobs done, ${created} tasks paid for, ${greatestRunning} at once at the most`,
);
console.log(`sent again and found to exist: ${duplicatesRefused}; refused in all:`, refused);

for (const worker of others) worker.kill('SIGKILL');
await queue.obliterate({ force: true });
await Promise.all([queue.close(), events.close(), simulator.stop()]);

/** The simulator's minute is a second here. */
function startWorker() {
  const env = {
    ...process.env,
    REDIS_URL: redisUrl,
    QUEUE: name,
    KLING_BASE_URL: simulator.url,
    INTERVAL_MS: '1000',
    LOCK_MS: '1000',
    LEASE_MS: '3000',
    POLL_MS: '200',
  };
  const script = new URL('worker.js', import.meta.url).pathname;
  return spawn(process.execPath, [script], { env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** @returns how many of them were completed, once so many have ended */
function countEnds(count) {
  return new Promise((resolve) => {
    let [completed, ended] = [0, 0];
    const oneMore = () => {
      if (++ended === count) resolve(completed);
    };
    events.on('completed', () => {
      completed++;
      oneMore();
    });
    events.on('failed', oneMore);
  });
}
