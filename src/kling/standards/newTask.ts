import * as z from 'zod';
import { nonEmpty } from '../../options.js';
import type { RemoteTask, TaskOutput } from '../../tasks/taskApi.js';
import { lenientText } from '../answer.js';
import type { AnswerContext } from '../errors.js';
import type { KlingProduct } from '../klingRequest.js';
import { creditsBilled } from './billing.js';
import {
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
  id: taskId.optional().catch(undefined),
  external_id: externalName,
});
const state = names.extend({
  id: taskId,
  status: z.string(),
  message: lenientText,
  create_time: z.unknown().optional(),
  update_time: z.unknown().optional(),
  outputs: z.unknown().optional(),
  billing: z.unknown().optional(),
});
const media = z.enum(['video', 'image']);
const output = z.object({ type: media.nullish(), url: nonEmpty, duration: z.unknown().optional() });
/** Outputs of other types are nobody's error. */
const outputs = z
  .array(z.unknown())
  .transform((all) => all.filter(isMedia))
  .pipe(z.tuple([output], output));
const typed = z.object({ type: z.string() });

/** A task in the words of the new API. */
export const newTask: TaskShape = {
  namesOf(row): TaskNames {
    const { data } = names.safeParse(row);
    return { id: data?.id, externalId: data?.external_id };
  },

  read(row, product, context): RemoteTask {
    const answer = read(state, row, context);
    const status = statusOf(answer.status, answer.id, context);
    return {
      ref: { product, id: answer.id },
      status,
      outputs: status === 'succeeded' ? outputsOf(answer.outputs, product, context) : [],
      ...particularsOf(status, {
        message: answer.message ?? undefined,
        credits: creditsBilled(answer.billing),
        externalId: answer.external_id,
        createdAtMs: instantMs(answer.create_time),
        updatedAtMs: instantMs(answer.update_time),
      }),
    };
  },
};

function outputsOf(given: unknown, product: KlingProduct, context: AnswerContext): readonly TaskOutput[] {
  const byDefault = product === 'images' ? 'image' : 'video';
  return read(outputs, given, context).map(({ type, url, duration }) => {
    const durationMs = milliseconds(duration);
    return { type: type ?? byDefault, url, ...(durationMs !== undefined && { durationMs }) };
  });
}

function isMedia(part: unknown): boolean {
  const { data } = typed.safeParse(part);
  return data === undefined || media.safeParse(data.type).success;
}
