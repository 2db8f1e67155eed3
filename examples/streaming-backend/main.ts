import { once } from 'node:events';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { createApp } from './app.js';
import { connect } from './connection.js';
import { idleMs, serverOptions } from './guards.js';
import { Panel } from './panel.js';
import { Sessions } from './sessions.js';
import { settingsFrom, type Settings } from './settings.js';
import { Studio } from './studio.js';

/** As it is built, beside the source: dist/examples/streaming-backend/main.js. */
const pageDirectory = fileURLToPath(new URL('../../../examples/streaming-backend/page/', import.meta.url));

const settings = settingsOrLeave();
const { HOST: hostname, PORT: port, DATA_DIR, OPERATOR_TOKEN, PUBLIC_ORIGIN, STREAMS } = settings;
const stopping = new AbortController();
const connection = await connect(settings);
const studio = new Studio(settings, connection, leave);
await studio.ready;
const panel = new Panel(studio);
const { isSimulated } = connection;
const isHttps = PUBLIC_ORIGIN?.startsWith('https:') === true;
const sessions = new Sessions(DATA_DIR, OPERATOR_TOKEN, isHttps);
const app = createApp({ settings, studio, panel, sessions, isSimulated, pageDirectory, stopping: stopping.signal });

const server = serve({ fetch: app.fetch, hostname, port, serverOptions }) as Server;
server.maxConnections = 2 * STREAMS;
server.timeout = idleMs;
await once(server, 'listening').catch((error: unknown) => leave(`${String(error)}: set HOST or PORT to another`));
const address = server.address();
const at = typeof address === 'object' && address !== null ? address.port : port;
const origin = PUBLIC_ORIGIN ?? `http://${hostname}:${at}`;
console.log(
  `${isSimulated ? 'A simulator stands for Kling (set KLING_API_KEY for the real one).\n' : ''}Open ${origin}`,
);
console.log(`The operator's panel: ${origin}/#operator=${OPERATOR_TOKEN}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());

/** What waits and what runs is on disk, and goes on at the next start. */
async function stop(): Promise<void> {
  stopping.abort();
  panel.close();
  server.close();
  server.closeAllConnections();
  studio.close();
  await connection.close();
  process.exit(0);
}

function settingsOrLeave(): Settings {
  try {
    return settingsFrom(process.env);
  } catch (error) {
    return leave(error);
  }
}

/** Whoever started it can do something about it, and nothing with a stack. */
function leave(error: unknown): never {
  console.error(String(error));
  process.exit(1);
}
