import { lastValueFrom, map } from 'rxjs';
import { createRequestQueue, type RequestResult } from '../../../operators/index.js';
import type { Marble, MarbleRecord, StreamRow } from '../record.js';
import { Stage, Workshop } from '../stage.js';

const shown = ({ request, status }: RequestResult<string, string>): Omit<Marble, 'atMs'> => ({
  value: request,
  ...(status === 'rejected' && { tone: 'bad' }),
});

/** A queue on the stage: what is enqueued at the marbles of a string, each request taking as long as is said. */
function queueing(
  stage: Stage,
  marbles: string,
  maxPerMinute: number,
  lastsMs: Readonly<Record<string, number>>,
  failing = '',
): { readonly enqueued: StreamRow; readonly requests: Workshop; readonly results: StreamRow } {
  const requests = new Workshop(stage, 'requests', 'enqueued');
  const queue = createRequestQueue({
    send(request: string) {
      const ending = failing.includes(request) ? { error: new Error('500') } : {};
      return lastValueFrom(requests.work(request, lastsMs[request] ?? 1_000, ending));
    },
    maxPerMinute,
    clock: stage.clock,
  });
  const results = stage.watch('results$', queue.results$.pipe(map(shown)), 'requests');
  const source = stage.source(marbles);
  const enqueued = stage.watch('enqueued', source);
  source.subscribe((request) => void queue.enqueue(request));
  return { enqueued, requests, results };
}

export async function pace(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { enqueued, requests, results } = queueing(stage, '-(abcd)-----e', 30, { b: 3_000 });
  await stage.play();
  return {
    title: 'createRequestQueue sends first in, first out, one each 60 / maxPerMinute seconds',
    description:
      'Four requests are enqueued at 1 s and sent 2 s apart. The fifth comes after a pause and is sent at once. ' +
      'Requests may overlap: b takes 3 s, and its result comes at the same time as that of c, which was sent 2 s later.',
    untilMs: 15_000,
    tickMs: 1_000,
    rows: [enqueued, { kind: 'call', code: 'createRequestQueue({ send, maxPerMinute: 30 })' }, requests.row, results],
  };
}

export async function failure(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { enqueued, requests, results } = queueing(stage, '-(abc)', 20, {}, 'b');
  await stage.play();
  return {
    title: 'A request that fails is a result like any other, and the rest goes on',
    description:
      'Of three requests, one each 3 s, the second fails (red): its promise rejects, its callback gets the error, and ' +
      'results$ brings it with the status rejected. The third is sent at its time.',
    untilMs: 11_000,
    tickMs: 1_000,
    rows: [enqueued, { kind: 'call', code: 'createRequestQueue({ send, maxPerMinute: 20 })' }, requests.row, results],
  };
}
