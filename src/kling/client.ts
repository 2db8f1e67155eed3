import { z } from 'zod';
import { OptionsError } from '../errors.js';
import { parseOptions } from '../options.js';
import type { CallOptions, RemoteTask, TaskApi } from '../tasks/taskApi.js';
import { readTask, readTasks, toRemoteTask, type TaskAnswer } from './answer.js';
import { createCredentials } from './auth.js';
import { classify, saysAbsent } from './classify.js';
import { parseClientOptions, type KlingClientOptions } from './clientOptions.js';
import { estimateCredits } from './credits.js';
import { KlingError, type AnswerContext } from './errors.js';
import { createExchange } from './exchange.js';
import { endpoints, parseKlingRequest, slotsOf, type KlingProduct, type KlingRequest } from './klingRequest.js';
import { createTransport } from './transport.js';

export interface ListOptions extends CallOptions {
  /** The page, from 1 to 1000. @defaultValue 1 */
  readonly page?: number;
  /** Tasks a page, from 1 to 500. @defaultValue 30 */
  readonly pageSize?: number;
}

export interface KlingClient extends TaskApi<KlingRequest> {
  /**
   * Proves with one cheap read that Kling is there, takes the credentials and answers as expected, before anything is
   * billed.
   *
   * @throws KlingError saying which of these is wrong
   */
  check(options?: CallOptions): Promise<void>;
  /** The account's tasks of one product, newest first. */
  list(product: KlingProduct, options?: ListOptions): Promise<readonly RemoteTask[]>;
  /** Waits for what is under way, then closes the connections; a dispatcher of yours stays open. */
  close(): Promise<void>;
}

const page = z.strictObject({
  page: z.int().min(1).max(1_000).default(1),
  pageSize: z.int().min(1).max(500).default(30),
});

/**
 * A client of Kling AI's `/v1` API. Every call is one request: nothing is retried here, so that each request can have a
 * permit. A stale token is forgotten, so the call after an `auth-stale` refusal signs a new one.
 *
 * All calls reject with a `KlingError` (`classify` tells what it means), with an `OptionsError` for what can't be sent,
 * or with the reason of an aborted `signal`. Keys and tokens are in none of them, nor in what inspecting a client shows.
 *
 * @throws OptionsError
 */
export function createKlingClient(options: KlingClientOptions): KlingClient {
  const { apiKey, accessKey, secretKey, creditsFor = estimateCredits, ...http } = parseClientOptions(options);
  const credentials = createCredentials({ apiKey, accessKey, secretKey }, http.clock);
  const transport = createTransport({ ...http, dispatcher: http.dispatcher });
  const ask = createExchange(credentials, transport, http.baseUrl);

  async function query(product: KlingProduct, id: string, { signal }: CallOptions): Promise<RemoteTask | undefined> {
    const request = { call: 'read', method: 'GET', path: pathOf(product, id), signal } as const;
    try {
      const { data, context } = await ask(request);
      return toRemoteTask(aboutTask(id, readTask(data, context), context), product, context);
    } catch (error) {
      if (saysAbsent(error)) return undefined;
      throw error;
    }
  }

  async function listAnswers(product: KlingProduct, { signal, ...given }: ListOptions) {
    const { page: pageNum, pageSize } = parseOptions(page, given, 'list');
    const path = `${endpoints[knownProduct(product)]}?pageNum=${pageNum}&pageSize=${pageSize}`;
    const { data, context } = await ask({ call: 'read', method: 'GET', path, signal });
    return { answers: readTasks(data, context), context };
  }

  return {
    parse: parseKlingRequest,
    classify,
    productOf: ({ product }) => product,
    weigh: slotsOf,
    estimateCredits: creditsFor,
    pollBatch: 1,

    async submit({ product, ...fields }, externalId, { signal } = {}) {
      const body = { ...fields, external_task_id: externalId };
      const { data, context } = await ask({ call: 'submit', method: 'POST', path: endpoints[product], body, signal });
      return toRemoteTask(aboutTask(externalId, readTask(data, context), context), product, context);
    },

    lookUp: ({ product }, externalId, options = {}) => query(product, externalId, options),

    async poll(refs, options = {}) {
      const [ref, ...more] = refs;
      if (more.length > 0) throw new OptionsError(`poll: one task at a time, not ${refs.length}`, 'refs');
      return ref === undefined ? [] : [await query(knownProduct(ref.product), ref.id, options)];
    },

    async list(product, options = {}) {
      const { answers, context } = await listAnswers(product, options);
      return answers.map((answer) => toRemoteTask(answer, product, context));
    },

    async check(options = {}) {
      await listAnswers('text2video', { ...options, pageSize: 1 });
    },

    close: () => transport.close(),
  };
}

function knownProduct(product: string): KlingProduct {
  if (Object.hasOwn(endpoints, product)) return product as KlingProduct;
  throw new OptionsError(`"${product}" is no product of Kling's: use ${Object.keys(endpoints).join(', ')}`, 'product');
}

/** An empty id, or one of dots, would ask for the list instead of a task; half a character fits into no URL. */
function pathOf(product: KlingProduct, id: string): string {
  if (/^\.{0,2}$|\p{Cs}/u.test(id)) throw new OptionsError(`"${id}" is no task id`, 'id');
  return `${endpoints[product]}/${encodeURIComponent(id)}`;
}

/** An answer that names another task must never be adopted. */
function aboutTask(id: string, answer: TaskAnswer, context: AnswerContext): TaskAnswer {
  const external = answer.task_info?.external_task_id;
  if (!external || external === id || answer.task_id === id) return answer;
  throw new KlingError('the answer is about another task than the one asked for: check what stands before Kling', {
    ...context,
    kind: 'unknown-shape',
  });
}
