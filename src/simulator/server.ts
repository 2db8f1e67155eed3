import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { scaledClock, systemClock } from '../clock.js';
import { OptionsError } from '../errors.js';
import { nonEmpty, parseOptions, positiveCount } from '../options.js';
import type { Books } from './books.js';
import { CallbackSender } from './callbackSender.js';
import { isCallbackSecret } from './callbackSignature.js';
import { sendFile } from './fileSending.js';
import { Keyring } from './keyring.js';
import { KlingModel } from './model.js';
import { modelSchema, modelSettings, type ModelOptions } from './modelOptions.js';
import { readBody } from './readBody.js';
import { seededRandom } from './seededRandom.js';
import { createWire, type Delivery, type Wire } from './wire.js';

export interface SimulatorOptions extends Omit<ModelOptions, 'epochAtMs' | 'firstTask' | 'filesUrl'> {
  /** The port on 127.0.0.1. @defaultValue 0: one that is free */
  readonly port?: number | undefined;
  /**
   * How many times as fast Kling's time runs: windows, tasks, latencies and `Retry-After` too; more than 0.
   * @defaultValue 1
   */
  readonly speed?: number | undefined;
  /** The same seed draws the same lives and faults for the same requests. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** @defaultValue ['sim-key'] */
  readonly apiKeys?: readonly string[] | undefined;
  /** Secrets by access key. @defaultValue { 'sim-access': 'sim-secret' } */
  readonly accessKeys?: Readonly<Record<string, string>> | undefined;
  /** Signs callbacks by Standard Webhooks: `whsec_` and a key in base64. @defaultValue they are not signed */
  readonly callbackSecret?: string | undefined;
  /** A body of more bytes than this (at least 1) is refused with 400/1200. @defaultValue 16 MiB */
  readonly maxBodyBytes?: number | undefined;
}

/** A running simulator. */
export interface Simulator {
  /** Where it listens, without a slash at the end; the result files are there too. */
  readonly url: string;
  readonly port: number;
  readonly model: KlingModel;
  /** What was seen until now; over HTTP: `GET /books`. */
  books(): Books;
  /** Closes every connection, drops what is on its way and frees the port; again: does nothing. */
  stop(): Promise<void>;
}

const simulatorSchema = modelSchema.omit({ epochAtMs: true, firstTask: true, filesUrl: true }).extend({
  port: z.int().min(0).max(65_535).default(0),
  speed: z.number().positive().default(1),
  seed: z.number().default(1),
  apiKeys: z.array(nonEmpty).default(['sim-key']),
  accessKeys: z.record(nonEmpty, nonEmpty).default({ 'sim-access': 'sim-secret' }),
  callbackSecret: z.string().optional(),
  maxBodyBytes: z._default(positiveCount, 16 * 1_024 * 1_024),
});

/**
 * Starts Kling's `/v1` and its new API on 127.0.0.1: a `KlingModel` behind a real HTTP server. Only the validity of a JWT
 * and the timestamp of a callback's signature go by the machine's own clock; all else by one that is `speed` times as fast.
 *
 * Beside the API, without credentials: `GET /books`, and the files that results point to. Callbacks are posted to plain
 * HTTP on this machine alone; those to elsewhere are only counted.
 *
 * @throws OptionsError for options that are not valid, or a port that cannot be had.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = parseOptions(simulatorSchema, options, 'startSimulator');
  const {
    port: wantedPort,
    speed,
    seed,
    apiKeys,
    accessKeys,
    callbackSecret,
    maxBodyBytes,
    ...modelOptions
  } = settings;
  if (callbackSecret !== undefined && !isCallbackSecret(callbackSecret)) {
    throw new OptionsError('startSimulator: callbackSecret: must be whsec_ and a key in base64', 'callbackSecret');
  }
  const server = createServer();
  const port = await listen(server, wantedPort);
  const url = `http://127.0.0.1:${port}`;
  const clock = scaledClock(systemClock, speed);
  const epochAtMs = clock.epochNow() - clock.now();
  // As with Kling itself, no id ever comes again: whoever asks a later simulator for a task of this one gets no other.
  const firstTask = Math.max(1, Math.trunc(epochAtMs) * 1_000);
  const model = new KlingModel(modelSettings({ ...modelOptions, epochAtMs, firstTask, filesUrl: url }));
  const random = seededRandom(seed);
  const sender = new CallbackSender({
    secret: callbackSecret,
    epochNow: () => systemClock.epochNow(),
    accepted: () => model.callback('accepted'),
  });
  const wire = createWire({ model, clock, random, onCallback: (callback) => sender.send(callback) });
  const keyring = new Keyring({ apiKeys, accessKeys });
  const books = (): Books => model.books(clock.now());

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '' } = request;
    const { range } = request.headers;
    const ifRange = request.headers['if-range']?.toString();
    const file = model.file({ method, target, range, ifRange }, clock.now(), random);
    if (file !== undefined) sendFile(response, file, clock);
    else if (method === 'GET' && target === '/books') writeJson(response, 200, {}, books());
    else {
      const reading = await readBody(request, maxBodyBytes);
      if (!reading.arrived) return;
      const identity = await keyring.identify(request.headers.authorization, systemClock.epochNow());
      wire.send({ method, target, body: reading.body, ...identity }, (delivery) => send(response, delivery));
    }
  }

  server.on('request', (request, response) => void serve(request, response));
  let stopped: Promise<void> | undefined;
  return {
    url,
    port,
    model,
    books,
    stop: () => (stopped ??= close(server, wire, sender)),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OptionsError(`startSimulator: port: cannot be had (${why}): choose another, or 0`, 'port', { cause });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function close(server: Server, wire: Wire, sender: CallbackSender): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  wire.close();
  sender.close();
  server.closeAllConnections();
  await closed;
}

function send(response: ServerResponse, delivery: Delivery): void {
  if (delivery.kind === 'reset') response.socket?.resetAndDestroy();
  else if (delivery.kind === 'json') writeJson(response, delivery.status, delivery.headers, delivery.body);
  else write(response, delivery.status, delivery.headers, delivery.body);
}

function writeJson(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: object,
): void {
  write(response, status, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));
}

function write(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
