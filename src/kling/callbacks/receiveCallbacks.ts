import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TaskUpdates } from '../../tasks/taskApi.js';
import { KlingError } from '../errors.js';
import { parseCallbackOptions, type ReceiveCallbacksOptions } from './callbackOptions.js';
import { readCallbackTask, type CallbackTask } from './callbackTask.js';
import { fromFetch, toFetch } from './fetchDoor.js';
import { readBody, type Incoming, type NoBody } from './incoming.js';
import { fromNode, sendToNode } from './nodeDoor.js';
import type { Reply } from './reply.js';
import { checkSignature } from './signature.js';
import { Updates } from './updates.js';

/** Takes Kling's callbacks from a web server of yours, and tells of the tasks in them. */
export interface CallbackReceiver extends TaskUpdates {
  /** A listener for `http.createServer`, or for what hands out Node's own requests; it comes before any body parser. */
  readonly node: (request: IncomingMessage, response: ServerResponse) => void;
  /** The same for servers that speak `Request` and `Response`. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** Longer ids are nobody's, and would be remembered. */
const maxIdLength = 256;

const withoutBody: Readonly<Record<NoBody, Reply>> = {
  'too-long': { status: 413, reason: 'the body is too long' },
  'too-slow': { status: 408, reason: 'the body did not come in time' },
  broken: { status: 400, reason: 'the body did not come as a whole' },
};

/**
 * Receives the POSTs that Kling sends to a task's `callback_url` whenever it changes:
 *
 * ```ts
 * const callbacks = receiveCallbacks({ secret: process.env.KLING_WEBHOOK_SECRET, path: '/kling' });
 * callbacks.on(({ task, isVerified }) => isVerified && save(task));
 * http.createServer(callbacks.node).listen(8080);
 * ```
 *
 * An update is verified where it is signed with `secret` and brings all that its status promises; any other may be
 * anybody's, and is only a hint to ask for the task. A task is found by `ref.id` or `externalId`: the product is not
 * said, so that of `ref` is ''. Of each task, running and its end are told once each, in whatever order they come and
 * however often, and nothing after its end; 10,000 tasks are remembered for that. Listeners are called before the answer
 * goes out and must be quick; one that throws hinders nobody, and its error is thrown apart.
 *
 * Callbacks get lost, and Kling does not say whether it sends them again: go on polling, if seldom.
 *
 * | answer | when |
 * |---|---|
 * | 200 | taken, or known already |
 * | 400 | no task that can be read, or a status that is not known: nobody is told |
 * | 401 | not signed with `secret`, or the time of the signature is off |
 * | 404, 405 | another path than `path`; another method than POST |
 * | 408, 413 | the body is too slow or too long |
 * | 500 | the body was read by somebody else before |
 *
 * @throws OptionsError
 */
export function receiveCallbacks(options: ReceiveCallbacksOptions = {}): CallbackReceiver {
  const { secret: secrets, toleranceMs, path, ...limits } = parseCallbackOptions(options);
  const faultOf = checkSignature(secrets, toleranceMs);
  const isSigned = secrets.length > 0;
  const updates = new Updates();

  async function answer(incoming: Incoming): Promise<Reply> {
    if (path !== undefined && incoming.path !== path) return { status: 404, reason: 'callbacks come to another path' };
    if (incoming.method !== 'POST') return { status: 405, reason: 'callbacks come by POST' };
    if (incoming.body === undefined) return { status: 500, reason: 'the body was read before it came here' };
    const body = await readBody(incoming.body, limits);
    if (typeof body === 'string') return withoutBody[body];
    const fault = isSigned ? faultOf(incoming, body, limits.clock.epochNow()) : undefined;
    if (fault !== undefined) return { status: 401, reason: fault };
    const found = taskIn(body);
    if (found === undefined) return { status: 400, reason: 'no task of a known shape and status' };
    tell(found);
    return { status: 200 };
  }

  function tell({ task, isWhole }: CallbackTask): void {
    const stage = task.status === 'running' ? 'running' : isWhole ? 'ended' : 'hinted';
    updates.tell({ task, isVerified: isSigned && isWhole }, stage);
  }

  return {
    on: (listener) => updates.on(listener),
    node: (request, response) => void answer(fromNode(request)).then((reply) => sendToNode(response, reply)),
    fetch: async (request) => toFetch(await answer(fromFetch(request))),
  };
}

function taskIn(body: Uint8Array): CallbackTask | undefined {
  try {
    const found = readCallbackTask(body);
    return found.task.ref.id.length <= maxIdLength ? found : undefined;
  } catch (error) {
    if (error instanceof KlingError) return undefined;
    throw error;
  }
}
