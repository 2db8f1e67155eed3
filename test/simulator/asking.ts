import { createKlingModel, type KlingModel, type KlingRequest } from '../../src/simulator/model.js';
import type { ModelOptions } from '../../src/simulator/modelOptions.js';
import type { NewProduct, V1Product } from '../../src/simulator/orders.js';
import { seededRandom, type Random } from '../../src/simulator/seededRandom.js';

/** The parts of an answer that tests look at; a reset or a silence has none. */
export interface Seen {
  readonly kind: string;
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

export interface Asked {
  readonly model: KlingModel;
  readonly ask: (request: KlingRequest, nowMs?: number) => Seen;
  /** Creates a task and hands back its id. */
  readonly make: (body?: object, nowMs?: number) => string;
  readonly statusOf: (id: string, nowMs: number) => unknown;
}

/** A model whose tasks take 10 s unless told otherwise, without limits in the way. */
export function asking(options: ModelOptions = {}, random: Random = seededRandom(1)): Asked {
  const model = createKlingModel({
    tasks: 100,
    requests: 'off',
    taskMs: { min: 10_000, max: 10_000 },
    ...options,
  });
  const ask = (request: KlingRequest, nowMs = 0): Seen => {
    const answer = model.answer(request, nowMs, random);
    if (answer.kind === 'reset' || answer.kind === 'hang') return answer;
    const { kind, status, headers } = answer;
    if (answer.kind === 'garbled') return { kind, status, headers };
    const { code, message, data } = answer.body;
    return { kind, status, headers, code, message, data };
  };
  return {
    model,
    ask,
    make: (body = {}, nowMs = 0) => String(field(ask(create(body), nowMs).data, 'task_id')),
    statusOf: (id, nowMs) => field(ask(query(id), nowMs).data, 'task_status'),
  };
}

export function create(body: object = {}, product: V1Product = 'videos/text2video'): KlingRequest {
  return { method: 'POST', target: `/v1/${product}`, body: { prompt: 'a cat', ...body } };
}

export function query(id: string, product: V1Product = 'videos/text2video'): KlingRequest {
  return { method: 'GET', target: `/v1/${product}/${id}` };
}

export function list(search = '', product: V1Product = 'videos/text2video'): KlingRequest {
  return { method: 'GET', target: `/v1/${product}${search}` };
}

/** A create of the new API, with a frame to start from where the product needs one. */
export function newCreate(body: object = {}, product: NewProduct = 'text-to-video', model = 'kling-3.0'): KlingRequest {
  const words = product === 'text-to-video' ? { prompt: 'a cat' } : { contents: [{ type: 'first_frame', url: 'x' }] };
  return { method: 'POST', target: `/${product}/${model}`, body: { ...words, ...body } };
}

/** `GET /tasks` for ids of the server's, or of our own. */
export function tasks(ids: readonly string[], name: 'task_ids' | 'external_task_ids' = 'task_ids'): KlingRequest {
  return { method: 'GET', target: `/tasks?${name}=${ids.join(',')}` };
}

export const costs: KlingRequest = { method: 'GET', target: '/account/costs?start_time=0&end_time=1' };

export function field(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null ? Reflect.get(data, name) : undefined;
}
