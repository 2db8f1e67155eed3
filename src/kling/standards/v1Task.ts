import * as z from 'zod';
import { nonEmpty } from '../../options.js';
import type { RemoteTask, TaskOutput } from '../../tasks/taskApi.js';
import { lenientText } from '../answer.js';
import type { AnswerContext } from '../errors.js';
import type { KlingProduct } from '../klingRequest.js';
import {
  decimal,
  externalName,
  instantMs,
  milliseconds,
  particularsOf,
  read,
  statusOf,
  taskId,
  type TaskNames,
  type TaskShape,
} from './reading.js';

const names = z.object({
  task_id: taskId.optional().catch(undefined),
  task_info: z.object({ external_task_id: externalName }).nullish().catch(undefined),
});
const state = names.extend({
  task_id: taskId,
  task_status: z.string(),
  task_status_msg: lenientText,
  created_at: z.unknown().optional(),
  updated_at: z.unknown().optional(),
  task_result: z.unknown().optional(),
  final_unit_deduction: z.unknown().optional(),
});
const file = z.object({ url: nonEmpty, duration: z.unknown().optional() });
const videoResult = z.object({ videos: z.tuple([file], file) });
const imageResult = z.object({ images: z.tuple([file], file) });

/** A task in the words of `/v1`. */
export const v1Task: TaskShape = {
  namesOf(row): TaskNames {
    const { data } = names.safeParse(row);
    return { id: data?.task_id, externalId: data?.task_info?.external_task_id };
  },

  read(row, product, context): RemoteTask {
    const answer = read(state, row, context);
    const status = statusOf(answer.task_status, answer.task_id, context);
    return {
      ref: { product, id: answer.task_id },
      status,
      outputs: status === 'succeeded' ? outputsOf(answer.task_result, product, context) : [],
      ...particularsOf(status, {
        message: answer.task_status_msg ?? undefined,
        credits: decimal(answer.final_unit_deduction),
        externalId: answer.task_info?.external_task_id,
        createdAtMs: instantMs(answer.created_at),
        updatedAtMs: instantMs(answer.updated_at),
      }),
    };
  },
};

function outputsOf(result: unknown, product: KlingProduct, context: AnswerContext): readonly TaskOutput[] {
  if (product === 'images') {
    return read(imageResult, result, context).images.map(({ url }) => ({ type: 'image', url }));
  }
  return read(videoResult, result, context).videos.map(({ url, duration }) => {
    const durationMs = milliseconds(duration);
    return { type: 'video', url, ...(durationMs !== undefined && { durationMs }) };
  });
}
