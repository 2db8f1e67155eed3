import { OptionsError } from '../../errors.js';
import type { PollAnswer } from '../../tasks/taskApi.js';
import type { AnswerContext } from '../errors.js';
import type { ImageToVideoRequest, KlingProduct, KlingRequest, TextToVideoRequest } from '../klingRequest.js';
import { defaultNewModel, parseNewRequest } from './newRequest.js';
import { newTask } from './newTask.js';
import { idSegment } from './pathSegment.js';
import { rowsOf, sentAs, theOnly, unknownShape } from './reading.js';
import { withoutUndefined } from './requestFields.js';
import { Rows } from './rows.js';
import type { KlingRef, Question, Standard } from './standard.js';

/** The endpoint that makes each product; the model comes behind it. */
const endpoints = { text2video: '/text-to-video', image2video: '/image-to-video' } as const;

/** What the new API calls the two modes of `/v1`. */
const resolutionOf = { std: '720p', pro: '1080p' } as const;

/** A name that nobody gives a task. */
const nobody = 'sluice-check';

/**
 * The new endpoints: the model in the path, tasks by their ids. A poll asks for up to 20 tasks by the ids that the server
 * gave them, and what is not in its answer is `absent`, unless the answer has rows that nobody asked for.
 */
export const newStandard: Standard = {
  pollBatch: 20,
  parse: parseNewRequest,

  create(request, externalId) {
    const { product, path, body } = orderOf(request, externalId);
    return {
      path,
      body,
      read: (data, context) => sentAs(externalId, newTask.read(theOnly(data), product, context), context),
    };
  },

  lookUp(product, externalId) {
    return {
      path: `/tasks?external_task_ids=${listedId(externalId)}`,
      read(data, context) {
        const rows = rowsIn(data, context);
        const task = rows.aboutOurs(externalId, product);
        if (task instanceof Error) throw task;
        if (task === undefined && !rows.isEmpty) throw aboutOthers(context);
        return task;
      },
    };
  },

  poll: (refs) => pollByIds(refs),

  list() {
    throw new OptionsError("list: the new API has no list of tasks: use a client with api: 'v1'", 'api');
  },

  check() {
    return { path: `/tasks?external_task_ids=${nobody}`, read: (data, context) => void rowsIn(data, context) };
  },
};

interface Order {
  readonly product: KlingProduct;
  readonly path: string;
  readonly body: object;
}

function orderOf(request: KlingRequest, externalId: string): Order {
  const { product } = request;
  if (product !== 'text2video' && product !== 'image2video') {
    throw new OptionsError(`product: "${product}" is not made by the new API: use api: 'v1'`, 'product');
  }
  const { model_name: model = defaultNewModel, callback_url, watermark_info } = request;
  const options = withoutUndefined({ callback_url, external_task_id: externalId, watermark_info });
  const body = { ...wordsOf(request), settings: settingsOf(request), options };
  return { product, path: `${endpoints[product]}/${encodeURIComponent(model)}`, body };
}

function settingsOf(request: TextToVideoRequest | ImageToVideoRequest): object {
  const { mode, duration, sound, multi_shot } = request;
  return withoutUndefined({
    resolution: request.resolution ?? (mode && resolutionOf[mode]),
    aspect_ratio: request.product === 'text2video' ? request.aspect_ratio : undefined,
    duration: duration === undefined ? undefined : Number(duration),
    audio: sound === undefined ? undefined : sound === 'on',
    multi_shot,
  });
}

/** What is to be seen: a prompt alone, or typed parts where there are frames to start from or to arrive at. */
function wordsOf(request: TextToVideoRequest | ImageToVideoRequest): object {
  if (request.product === 'text2video') return { prompt: request.prompt };
  const { prompt, image, image_tail } = request;
  const contents = [
    prompt !== undefined && { type: 'prompt', text: prompt },
    image !== undefined && { type: 'first_frame', url: image },
    image_tail !== undefined && { type: 'last_frame', url: image_tail },
  ];
  return { contents: contents.filter((part) => part !== false) };
}

function pollByIds(refs: readonly KlingRef[]): Question<readonly PollAnswer[]> {
  const ids = new Set(refs.map(({ id }) => id));
  return {
    path: `/tasks?task_ids=${[...ids].map(listedId).join(',')}`,
    read(data, context) {
      const rows = rowsIn(data, context);
      const missing = missingFrom(rows, ids, context);
      return refs.map(({ id, product }) => rows.about(id, product) ?? missing);
    },
  };
}

/** Unknown ids are absent from an answer. One about others did not heed what it was asked, and proves nothing. */
function missingFrom(rows: Rows, ids: ReadonlySet<string>, context: AnswerContext): PollAnswer {
  if (rows.areAbout(ids)) return 'absent';
  return ids.size > 1 ? 'unseen' : aboutOthers(context);
}

function aboutOthers(context: AnswerContext): Error {
  return unknownShape('it is about other tasks than those asked for', context);
}

/** One task may come without the array that is due. */
function rowsIn(data: unknown, context: AnswerContext): Rows {
  const isOne = typeof data === 'object' && data !== null && !Array.isArray(data);
  return new Rows(isOne ? [data] : rowsOf(data, context), newTask, context);
}

/** An id between commas: one of its own would part it. */
function listedId(id: string): string {
  if (id.includes(',')) throw new OptionsError(`"${id}" is no task id`, 'id');
  return idSegment(id);
}
