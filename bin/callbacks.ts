import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { OptionsError } from '../operators/index.js';
import { receiveCallbacks, type KlingClient } from '../src/kling/index.js';
import type { TaskUpdates } from '../src/tasks/taskApi.js';
import { isLoopback } from './loopback.js';
import { messageOf } from './text.js';
import { UsageError } from './usageError.js';

export interface CallbackFlags {
  readonly callbackPort?: number;
  readonly callbackUrl?: string;
  readonly baseUrl?: string;
  readonly simulate?: true;
}

/** Kling's callbacks are short: whoever takes longer, or holds many connections open, is somebody else. */
const patience = { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 5_000 };
const maxConnections = 100;

/** A server of ours that Kling tells of every change of a task. */
export interface Callbacks {
  readonly updates: TaskUpdates;
  /** What Kling is told to call. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens for callbacks, where that is asked for: on every address of the machine, or on 127.0.0.1 alone where no other
 * machine is told to call.
 *
 * @throws UsageError
 */
export async function openCallbacks(flags: CallbackFlags, env: NodeJS.ProcessEnv): Promise<Callbacks | undefined> {
  const { callbackPort, callbackUrl } = flags;
  if (callbackPort === undefined) {
    if (callbackUrl !== undefined) throw new UsageError('--callback-url needs --callback-port: where to listen');
    return undefined;
  }
  if (callbackUrl !== undefined && !isHttp(callbackUrl)) {
    throw new UsageError(`--callback-url: must be an http or https URL (got ${JSON.stringify(callbackUrl)})`);
  }
  if (callbackUrl === undefined && flags.simulate !== true && !isLoopback(flags.baseUrl)) {
    throw new UsageError('--callback-port needs --callback-url: the address under which Kling can reach this machine');
  }
  const receiver = receiving(env['KLING_CALLBACK_SECRET']);
  const server = createServer(patience, receiver.node);
  server.maxConnections = maxConnections;
  await listen(server, callbackPort, callbackUrl === undefined || isLoopback(callbackUrl) ? '127.0.0.1' : undefined);
  return {
    updates: receiver,
    url: callbackUrl ?? `http://127.0.0.1:${portOf(server, callbackPort)}/`,
    close: () => close(server),
  };
}

/**
 * The client with every request asking to be called back at `url`, unless it names an address itself. What a journal
 * knows a prompt by stays as it is: the address is that of this run.
 */
export function askingForCallbacks(client: KlingClient, url: string): KlingClient {
  return {
    ...client,
    submit: (request, externalId, options) => client.submit({ callback_url: url, ...request }, externalId, options),
  };
}

function receiving(secret: string | undefined): ReturnType<typeof receiveCallbacks> {
  try {
    return receiveCallbacks(secret ? { secret } : {});
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    const message = error.message.replace('receiveCallbacks: secret', 'KLING_CALLBACK_SECRET');
    throw new UsageError(message, { cause: error });
  }
}

async function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw new UsageError(`--callback-port ${port} cannot be had (${messageOf(error)})`, { cause: error });
  }
}

function portOf(server: Server, port: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
