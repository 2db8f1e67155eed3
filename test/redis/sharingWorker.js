// One of the processes that share a limiter: does its work under it, tells what happened on stdout, and ends by itself.
// It runs the build (`SLUICE_TEST_DIST`), as a user's program would.
import { Agent, get } from 'node:http';
import { resolve } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { pathToFileURL } from 'node:url';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';

const dist = pathToFileURL(resolve(process.env.SLUICE_TEST_DIST ?? 'dist')).href;
const sluice = await import(`${dist}/operators/index.js`);
const { redisStore } = await import(`${dist}/src/redis/index.js`);

const task = JSON.parse(process.argv[2]);
const { id, kind, url, nodes, clientOptions, limits, store: storeOptions, works, keys, port, clock, heavyMs } = task;
const agent = new Agent({ keepAlive: true });

const clients = {
  redis: async () => {
    const client = createClient({ url, socket: { reconnectStrategy: () => 20 }, ...clientOptions });
    client.on('error', () => undefined);
    if (task.connects !== false) client.connect().catch(() => undefined);
    return [client, () => client.close()];
  },
  ioredis: async () => {
    const client = new Redis(url, { retryStrategy: () => 20, ...clientOptions });
    client.on('error', () => undefined);
    return [client, () => client.quit()];
  },
  'redis-cluster': async () => {
    const client = createCluster({ rootNodes: nodes.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    client.on('error', () => undefined);
    await client.connect();
    return [client, () => client.close()];
  },
  'ioredis-cluster': async () => {
    const client = new Cluster(nodes.map((port) => ({ host: '127.0.0.1', port })));
    client.on('error', () => undefined);
    return [client, () => client.quit()];
  },
};

/** A clock like the machine's, whose wall is elsewhere. */
function skewed({ epochMs = 0, originMs = 0 }) {
  return {
    now: () => performance.now() + originMs,
    epochNow: () => Date.now() + epochMs,
    schedule: (delayMs, run) => {
      const timer = setTimeout(run, Math.ceil(delayMs));
      return () => clearTimeout(timer);
    },
  };
}

/** The machine's monotonic clock, which all of its processes read alike, in ms. */
function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

function request(path) {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent, path }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    }).on('error', reject);
  });
}

const [client, close] = await clients[kind]();
const store = redisStore({ client, ...storeOptions });
const limiter = sluice.createLimiter({
  limits: limits.map(([type, options]) => sluice[type](options)),
  store,
  ...(clock && { clock: skewed(clock) }),
});
const told = { id, runs: [], errors: [], events: [] };
limiter.on((event) => {
  if (event.type.startsWith('store')) told.events.push([event.type, monotonicMs()]);
});

function work(number) {
  return limiter
    .run(
      async () => {
        const startMs = monotonicMs();
        await request(`/?worker=${id}&number=${number}${heavyMs === undefined ? '' : `&ms=${heavyMs}`}`);
        told.runs.push([startMs, monotonicMs()]);
      },
      { key: keys?.[number % keys.length] },
    )
    .catch((error) => told.errors.push([error.code ?? error.name, error.message, monotonicMs()]));
}

await request('/start');
const all = Array.from({ length: works }, (_, number) => work(number));
if (task.thenAfterMs !== undefined) {
  await new Promise((resolve) => setTimeout(resolve, task.thenAfterMs));
  for (let number = works; number < works + task.thenWorks; number++) all.push(work(number));
}
await Promise.all(all);
agent.destroy();
process.stdout.write(`${JSON.stringify(told)}\n`);
await store.close();
// Without a server there is nobody to say goodbye to.
if (told.errors.length > 0) (client.destroy ?? client.disconnect).call(client);
else await close();
