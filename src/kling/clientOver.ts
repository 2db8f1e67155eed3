import * as z from 'zod';
import { OptionsError } from '../errors.js';
import { parseOptions } from '../options.js';
import type { CallOptions, RemoteTask, TaskApi } from '../tasks/taskApi.js';
import { createCredentials } from './auth.js';
import { classify, saysAbsent } from './classify.js';
import type { ClientSettings } from './clientOptions.js';
import { estimateCredits } from './credits.js';
import type { KlingCall } from './errors.js';
import { createExchange } from './exchange.js';
import { klingProducts, slotsOf, type KlingProduct, type KlingRequest } from './klingRequest.js';
import { concurrencyOf, packsQuestion, type KlingPack, type KlingPackKind } from './packs.js';
import type { Question } from './standards/standard.js';
import { standards } from './standards/standards.js';
import type { Transport } from './transport.js';

export interface ListOptions extends CallOptions {
  /** The page, from 1 to 1000. @defaultValue 1 */
  readonly page?: number;
  /** Tasks a page, from 1 to 500. @defaultValue 30 */
  readonly pageSize?: number;
}

export interface ConcurrencyOptions extends CallOptions {
  /** Whose slots: videos and images have packs of their own. @defaultValue 'video' */
  readonly kind?: KlingPackKind;
}

export interface KlingClient extends TaskApi<KlingRequest> {
  /**
   * Proves with one cheap read that Kling is there, takes the credentials and answers as expected, before anything is
   * billed.
   *
   * @throws KlingError saying which of these is wrong
   */
  check(options?: CallOptions): Promise<void>;
  /** The account's tasks of one product, newest first; with `v1` alone. */
  list(product: KlingProduct, options?: ListOptions): Promise<readonly RemoteTask[]>;
  /** The account's resource packs of the last year, whatever their state. Kling takes this question once a second. */
  packs(options?: CallOptions): Promise<readonly KlingPack[]>;
  /** How many tasks the account may have at once, as the names of its packs tell; undefined where none does. As `packs`. */
  concurrency(options?: ConcurrencyOptions): Promise<number | undefined>;
  /** Waits for what is under way, then closes the connections; a dispatcher of yours stays open. */
  close(): Promise<void>;
}

const page = z.strictObject({
  page: z.int().min(1).max(1_000).default(1),
  pageSize: z.int().min(1).max(500).default(30),
});

/**
 * A client over any transport: `createKlingClient` brings one of HTTP; a model of Kling in virtual time can be another.
 *
 * @throws OptionsError unless there is exactly one way to authenticate
 */
export function clientOver(transport: Transport, settings: ClientSettings): KlingClient {
  const { api, apiKey, accessKey, secretKey, baseUrl, clock, creditsFor = estimateCredits } = settings;
  const exchange = createExchange(createCredentials({ apiKey, accessKey, secretKey }, clock), transport, baseUrl);
  const standard = standards[api];

  async function ask<T>(call: KlingCall, question: Question<T>, { signal }: CallOptions): Promise<T> {
    const { path, body, read } = question;
    const method = body === undefined ? 'GET' : 'POST';
    const { data, context } = await exchange({ call, method, path, body, signal });
    return read(data, context);
  }

  /** `undefined` where Kling itself says that there is no such task. */
  async function askFor<T>(question: Question<T>, options: CallOptions): Promise<T | undefined> {
    try {
      return await ask('read', question, options);
    } catch (error) {
      if (saysAbsent(error)) return undefined;
      throw error;
    }
  }

  const packs = (options: CallOptions): Promise<readonly KlingPack[]> =>
    ask('read', packsQuestion(clock.epochNow()), options);

  return {
    parse: (input) => standard.parse(input),
    classify,
    productOf: ({ product }) => product,
    weigh: slotsOf,
    estimateCredits: creditsFor,
    pollBatch: standard.pollBatch,

    async submit(request, externalId, options = {}) {
      return await ask('submit', standard.create(request, externalId), options);
    },

    async lookUp({ product }, externalId, options = {}) {
      return await askFor(standard.lookUp(product, externalId), options);
    },

    async poll(refs, options = {}) {
      if (refs.length === 0) return [];
      if (refs.length > standard.pollBatch) {
        throw new OptionsError(`poll: at most ${standard.pollBatch} tasks at a time, not ${refs.length}`, 'refs');
      }
      const known = refs.map(({ product, id }) => ({ product: knownProduct(product), id }));
      const answers = await askFor(standard.poll(known), options);
      // Where there is no such task as one of several, nothing is said of the others.
      return answers ?? refs.map(() => (refs.length === 1 ? 'absent' : 'unseen'));
    },

    async list(product, { signal, ...given } = {}) {
      const question = standard.list(knownProduct(product), parseOptions(page, given, 'list'));
      return await ask('read', question, signal === undefined ? {} : { signal });
    },

    async check(options = {}) {
      await ask('read', standard.check(), options);
    },

    packs: (options = {}) => packs(options),

    async concurrency({ kind = 'video', ...options } = {}) {
      return concurrencyOf(await packs(options), kind);
    },

    close: () => transport.close(),
  };
}

function knownProduct(product: string): KlingProduct {
  const known = klingProducts.find((each) => each === product);
  if (known !== undefined) return known;
  throw new OptionsError(`"${product}" is no product of Kling's: use ${klingProducts.join(', ')}`, 'product');
}
