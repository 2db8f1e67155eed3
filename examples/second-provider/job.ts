import type { RemoteTask } from 'sluice';
import { z } from 'zod';
import { AtelierError, type AtelierCall } from './atelierError.js';

/** Whatever is asked of one account goes by one name: its polls can ask for all jobs, its balance pays for all. */
export const product = 'jobs';

const states: ReadonlyMap<string, RemoteTask['status']> = new Map([
  ['queued', 'running'],
  ['painting', 'running'],
  ['finished', 'succeeded'],
  ['spoilt', 'failed'],
]);

const job = z.object({
  id: z.string().min(1),
  key: z.string(),
  state: z.string(),
  created: z.iso.datetime(),
  changed: z.iso.datetime(),
  cost: z.object({ currency: z.literal('USD'), amount: z.string().regex(/^\d+\.\d{3}$/) }).optional(),
  pictures: z.array(z.object({ url: z.url() })).default([]),
  reason: z.string().optional(),
});

const list = z.object({ jobs: z.array(job), missing: z.array(z.string()).default([]) });

export type Job = z.output<typeof job>;

/** @throws AtelierError for what is no list of jobs */
export function readJobs(body: unknown, call: AtelierCall): z.output<typeof list> {
  const { data, error } = list.safeParse(body);
  if (data !== undefined) return data;
  throw new AtelierError(`no list of jobs: ${z.prettifyError(error)}`, { call, kind: 'not-understood' });
}

/** A state that nobody knows is an error, never "still running": it would be asked for until the deadline. */
export function taskOf(it: Job): RemoteTask | AtelierError {
  const status = states.get(it.state);
  if (status === undefined) {
    return new AtelierError(`job ${it.id} is "${it.state}"`, { call: 'read', kind: 'not-understood' });
  }
  return {
    ref: { product, id: it.id },
    status,
    outputs: it.pictures.map(({ url }) => ({ type: 'image', url })),
    externalId: it.key,
    createdAtMs: Date.parse(it.created),
    updatedAtMs: Date.parse(it.changed),
    ...(it.reason !== undefined && { message: it.reason }),
    ...(it.cost !== undefined && status !== 'running' && { credits: millsOf(it.cost.amount) }),
  };
}

/** Dollars in thousandths: sums of them are exact. */
function millsOf(dollars: string): number {
  return Math.round(Number(dollars) * 1_000);
}
