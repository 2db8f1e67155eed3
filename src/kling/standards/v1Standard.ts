import { OptionsError } from '../../errors.js';
import type { PollAnswer, RemoteTask } from '../../tasks/taskApi.js';
import type { AnswerContext } from '../errors.js';
import type { KlingProduct } from '../klingRequest.js';
import { idSegment } from './pathSegment.js';
import { rowsOf, sentAs, theOnly, unknownShape } from './reading.js';
import { orKlingError, Rows } from './rows.js';
import type { KlingRef, Page, Question, Standard } from './standard.js';
import { parseV1Request } from './v1Request.js';
import { v1Task } from './v1Task.js';

/** The endpoint that makes each product. */
const endpoints = {
  text2video: '/v1/videos/text2video',
  image2video: '/v1/videos/image2video',
  images: '/v1/images/generations',
  'video-extend': '/v1/videos/video-extend',
} as const satisfies Record<KlingProduct, string>;

/** Rows asked for per task of a poll: a list has the newest first, and others of the account lie between ours. */
const rowsPerTask = 4;
const minRows = 30;

/**
 * The flat `/v1` endpoints. A poll of one task asks for it by its id; a poll of several reads one page of the newest
 * tasks of their product (four a task, at least 30), and what is not on it is `unseen`.
 */
export const v1Standard: Standard = {
  pollBatch: 50,
  parse: parseV1Request,

  create({ product, ...fields }, externalId) {
    return {
      path: endpoints[product],
      body: { ...fields, external_task_id: externalId },
      read: (data, context) => sentAs(externalId, v1Task.read(theOnly(data), product, context), context),
    };
  },

  lookUp(product, externalId) {
    return {
      path: pathOf(product, externalId),
      read: (data, context) => sentAs(externalId, v1Task.read(theOnly(data), product, context), context),
    };
  },

  poll(refs) {
    const [first, ...more] = refs;
    if (first === undefined) throw new OptionsError('poll: no task to ask for', 'refs');
    return more.length === 0 ? pollOne(first) : pollMany(first.product, refs);
  },

  list(product, page) {
    return {
      path: listPath(product, page),
      read: (data, context) => rowsOf(data, context).map((row) => v1Task.read(row, product, context)),
    };
  },

  check() {
    return {
      path: listPath('text2video', { page: 1, pageSize: 1 }),
      read: (data, context) => void rowsOf(data, context),
    };
  },
};

function pollOne({ product, id }: KlingRef): Question<readonly PollAnswer[]> {
  return {
    path: pathOf(product, id),
    read: (data, context) => [orKlingError(() => named(id, v1Task.read(theOnly(data), product, context), context))],
  };
}

function pollMany(product: KlingProduct, refs: readonly KlingRef[]): Question<readonly PollAnswer[]> {
  if (refs.some((ref) => ref.product !== product)) {
    throw new OptionsError('poll: tasks of one product at a time', 'refs');
  }
  const pageSize = Math.max(minRows, rowsPerTask * refs.length);
  return {
    path: listPath(product, { page: 1, pageSize }),
    read(data, context) {
      const rows = new Rows(rowsOf(data, context), v1Task, context);
      return refs.map(({ id }) => rows.about(id, product) ?? 'unseen');
    },
  };
}

function pathOf(product: KlingProduct, id: string): string {
  return `${endpoints[product]}/${idSegment(id)}`;
}

function listPath(product: KlingProduct, { page, pageSize }: Page): string {
  return `${endpoints[product]}?pageNum=${page}&pageSize=${pageSize}`;
}

function named(id: string, task: RemoteTask, context: AnswerContext): RemoteTask {
  if (task.ref.id === id || task.externalId === id) return task;
  throw unknownShape('it is about another task', context);
}
