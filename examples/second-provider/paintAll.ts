import { join } from 'node:path';
import { catchError, defer, from, map, of, type Observable } from 'rxjs';
import {
  concurrencyLimit,
  createLimiter,
  generate,
  retryWithJitter,
  slidingWindow,
  type Clock,
  type GenerateOptions,
  type GenerateResult,
  type TaskOutput,
} from 'sluice';
import { classifyDownload, download, DownloadError, type RateLimits } from 'sluice/http';
import { fileJournal } from 'sluice/journal';
import { createAtelierApi } from './atelierApi.js';
import { classify } from './classify.js';
import { product } from './job.js';

export interface PaintAllOptions extends Pick<GenerateOptions<string>, 'stop' | 'observer'> {
  readonly url: string;
  readonly token: string;
  /** Where the pictures and the journal are kept. */
  readonly directory: string;
  /** What all runs on that directory may cost together, in dollars. @defaultValue no bound */
  readonly budget?: number;
  readonly clock: Clock;
}

export interface Painted {
  readonly result: GenerateResult<string>;
  /** Where the picture is, or why there is none. */
  readonly path: string;
}

/** Has each prompt painted once, over all runs on one directory, and saves the pictures there. */
export function paintAll(prompts: readonly string[], options: PaintAllOptions): Observable<Painted> {
  const { url, token, directory, budget, clock, ...others } = options;
  // One a second, until the first answer says what it really is.
  const requests = createLimiter({
    limits: [slidingWindow({ limit: 1, intervalMs: 1_000, name: 'requests' })],
    classify,
    clock,
  });
  const atelier = createAtelierApi({ url, token, heard: keepTo });

  function keepTo({ policies }: RateLimits): void {
    const policy = policies.find(({ name }) => name === 'requests');
    if (policy?.windowMs === undefined || policy.quota < 1) return;
    requests.update({ requests: { limit: policy.quota, intervalMs: policy.windowMs } });
  }

  /** A URL serves for a minute: where it does not any more, the job is asked for another. */
  function saved(result: GenerateResult<string>): Observable<Painted> {
    if (result.error !== undefined) return of({ result, path: result.error.message });
    const path = join(directory, `${result.id}.png`);
    let [output] = result.outputs;
    let isStale = false;
    return defer(async () => {
      if (isStale) output = await freshOutput(result);
      return download({ url: output?.url ?? '', file: path });
    }).pipe(
      retryWithJitter({
        clock,
        classify(error) {
          isStale = error instanceof DownloadError && error.kind === 'gone';
          return isStale ? 'transient' : classifyDownload(error);
        },
      }),
      map(() => ({ result, path })),
      catchError((error: unknown) => of({ result, path: `not saved: ${String(error)}` })),
    );
  }

  async function freshOutput({ taskId: id = '' }: GenerateResult<string>): Promise<TaskOutput | undefined> {
    const [task] = await requests.run(() => atelier.poll([{ product, id }]));
    return typeof task === 'object' && 'outputs' in task ? task.outputs[0] : undefined;
  }

  return from(prompts).pipe(
    generate(atelier, {
      requests,
      concurrent: 'auto',
      dailyCredits: 'off',
      ...(budget !== undefined && { runCredits: Math.round(budget * 1_000) }),
      pollIntervalMs: 2_000,
      journal: fileJournal({ directory }),
      clock,
      ...others,
    }),
    concurrencyLimit((result) => saved(result), { limit: 4 }),
  );
}
