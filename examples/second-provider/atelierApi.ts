import { OptionsError, type TaskApi } from 'sluice';
import { z } from 'zod';
import { AtelierError } from './atelierError.js';
import { classify } from './classify.js';
import { createExchange, type ExchangeOptions } from './exchange.js';
import { product, readJobs, taskOf } from './job.js';

const picture = z.strictObject({
  prompt: z.string().trim().min(1).max(1_000),
  quality: z.enum(['draft', 'final']).default('draft'),
});

export type PictureRequest = z.output<typeof picture>;

/** What a picture costs at the most, in thousandths of a dollar: the `credits` of this API. */
const priceOf = { draft: 20, final: 80 } as const;

/** Atelier Nowhere, as `generate` needs it. */
export function createAtelierApi(options: ExchangeOptions): TaskApi<PictureRequest> {
  const ask = createExchange(options);

  return {
    parse(input) {
      const parsed = picture.safeParse(typeof input === 'string' ? { prompt: input } : input);
      if (parsed.success) return parsed.data;
      throw new OptionsError(z.prettifyError(parsed.error), parsed.error.issues[0]?.path.join('.') ?? '');
    },

    // The key is the lock: under it there is one job, however often it is sent.
    async submit(request, key, { signal } = {}) {
      const { headers } = await ask({ call: 'submit', path: '/jobs', post: { key, body: request }, signal });
      const id = /^\/jobs\/([\w-]+)$/.exec(headers['location'] ?? '')?.[1];
      if (id === undefined) throw new AtelierError('no job in Location', { call: 'submit', kind: 'not-understood' });
      return { ref: { product, id }, status: 'running', outputs: [], externalId: key };
    },

    async lookUp(_, key, { signal } = {}) {
      const { body } = await ask({ call: 'read', path: `/jobs?key=${encodeURIComponent(key)}`, signal });
      const { jobs } = readJobs(body, 'read');
      const job = jobs.find((it) => it.key === key);
      // Only an empty list says that there is none.
      const task = job === undefined && jobs.length > 0 ? noWordOn(key) : job && taskOf(job);
      if (task instanceof AtelierError) throw task;
      return task;
    },

    async poll(refs, { signal } = {}) {
      const path = `/jobs?ids=${refs.map(({ id }) => encodeURIComponent(id)).join(',')}`;
      const { jobs, missing } = readJobs((await ask({ call: 'read', path, signal })).body, 'read');
      return refs.map(({ id }) => {
        if (missing.includes(id)) return 'absent';
        const job = jobs.find((it) => it.id === id);
        return job === undefined ? noWordOn(id) : taskOf(job);
      });
    },

    pollBatch: 50,
    classify,
    productOf: () => product,
    weigh: () => 1,
    estimateCredits: ({ quality }) => priceOf[quality],

    async concurrency({ signal } = {}) {
      const { limits } = await ask({ call: 'read', path: '/limits', signal });
      return limits.policies.find(({ name }) => name === 'jobs')?.quota;
    },
  };
}

/** The answer is about others than the one that was asked for. */
function noWordOn(id: string): AtelierError {
  return new AtelierError(`no word on the job ${id}`, { call: 'read', kind: 'not-understood' });
}
