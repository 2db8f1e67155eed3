import type { Observable } from 'rxjs';
import { pollUntilDone, type PollUntilDoneOptions, type Refusal } from '../../../operators/index.js';
import type { MarbleRecord, SpansRow } from '../record.js';
import { Stage, Workshop, type Ending } from '../stage.js';

/** What a poll brings, and how long it takes, in s. */
type Poll = readonly [takesS: number, ending: Ending & { readonly status?: string }];

function polling(
  stage: Stage,
  polls: readonly Poll[],
): {
  readonly row: SpansRow;
  readonly options: Pick<PollUntilDoneOptions<string, string>, 'poll' | 'isDone' | 'clock'>;
} {
  const shop = new Workshop(stage, 'polls');
  const poll = (_task: string, { attempt }: { attempt: number }): Observable<string> => {
    const [takesS, { status = 'running', ...ending }] = polls[attempt] ?? [1, {}];
    return shop.work(status, takesS * 1_000, { text: status, ...ending });
  };
  return { row: shop.row, options: { poll, isDone: (status) => status === 'done', clock: stage.clock } };
}

export async function changes(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { row, options } = polling(stage, [
    [1, { status: 'queued', text: 'q' }],
    [5, { status: 'running' }],
    [1, { status: 'running', text: 'r' }],
    [1, { status: 'done', text: 'd' }],
  ]);
  const tasks = stage.source('-t-|');
  const source = stage.watch('source', tasks);
  const polled = tasks.pipe(pollUntilDone({ ...options, intervalMs: 3_000, emit: 'changes' }));
  const result = stage.watch('result', polled);
  await stage.play();
  return {
    title: 'The polls of a task never overlap: the interval runs from the end of one to the beginning of the next',
    description:
      'A task comes at 1 s and is polled first 3 s later: queued. The second poll takes 5 s; the third waits for it and 3 s more. ' +
      'The fourth says done. With emit: changes the result shows queued, running and done, each once.',
    untilMs: 22_000,
    tickMs: 1_000,
    rows: [
      source,
      { kind: 'call', code: "pollUntilDone({ poll, isDone, intervalMs: 3_000, emit: 'changes' })" },
      row,
      result,
    ],
  };
}

export async function failing(): Promise<MarbleRecord> {
  const stage = new Stage();
  const hintMs = 6_000;
  const { row, options } = polling(stage, [
    [1, { text: '…' }],
    [1, { error: new Error('reset'), text: '✕' }],
    [1, { error: new Error('429'), text: '429' }],
    [1, { status: 'done', text: 'd' }],
  ]);
  const classify = (error: unknown): Refusal =>
    error instanceof Error && error.message === '429' ? { meaning: 'too-fast', hintMs } : { meaning: 'transient' };
  const tasks = stage.source('-t-|');
  const source = stage.watch('source', tasks);
  const polled = tasks.pipe(pollUntilDone({ ...options, classify, intervalMs: 2_000, random: () => 0.5 }));
  const result = stage.watch('result', polled);
  await stage.play();
  return {
    title: 'A poll that fails does not lose the task: it is asked again, and never before a server’s hint',
    description:
      'The second poll is cut off: the next one comes after the interval of 2 s, since the backoff would be shorter. ' +
      'The third is refused with a hint of 6 s (shaded), and the fourth begins 6 s later. It says done, and that is the result.',
    untilMs: 19_000,
    tickMs: 1_000,
    bands: [{ fromMs: 10_000, toMs: 10_000 + hintMs, text: 'Retry-After: 6' }],
    rows: [source, { kind: 'call', code: 'pollUntilDone({ poll, isDone, classify, intervalMs: 2_000 })' }, row, result],
  };
}

export async function deadline(): Promise<MarbleRecord> {
  const stage = new Stage();
  const { row, options } = polling(stage, [
    [1, { text: '…' }],
    [1, { text: '…' }],
    [1, { text: '…' }],
    [3, { text: '…' }],
  ]);
  const [deadlineMs, endsAtMs] = [13_000, 18_000];
  const tasks = stage.source('-t-|');
  const source = stage.watch('source', tasks);
  const polled = tasks.pipe(pollUntilDone({ ...options, intervalMs: 2_000, deadlineMs }));
  const result = stage.watch('result', polled);
  await stage.play();
  return {
    title: 'A deadline ends the polls, not the task',
    description:
      'A task comes at 1 s, with 13 s to go. At 14 s the poll in flight is aborted and the result errors with DeadlineError. ' +
      'The task at the server goes on to its end at 18 s: it was not cancelled, and is not polled any more.',
    untilMs: 20_000,
    tickMs: 1_000,
    rows: [
      source,
      { kind: 'call', code: 'pollUntilDone({ poll, isDone, intervalMs: 2_000, deadlineMs: 13_000 })' },
      row,
      result,
      {
        kind: 'spans',
        label: 'at the server',
        spans: [{ value: 't', track: 0, fromMs: 1_000, toMs: endsAtMs, look: 'remote', text: 'the task' }],
      },
    ],
  };
}
