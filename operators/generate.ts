import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  map,
  merge,
  Observable,
  tap,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';
import { OptionsError } from '../src/errors.js';
import type { TaskApi } from '../src/tasks/taskApi.js';
import { concurrencyLimit } from './concurrencyLimit.js';
import { openAccount, type Account, type Shared } from './generating/account.js';
import type { GenerateResult } from './generating/generateEvents.js';
import { parseGenerateOptions, type GenerateOptions } from './generating/generateOptions.js';
import { Intake, type Taken } from './generating/intake.js';
import { SharedIntake } from './generating/sharedIntake.js';
import type { SharedPrompt } from './generating/sharedPrompt.js';

/**
 * Turns a stream of prompts (or whole requests) into a stream of results under an account's limits: a task holds one of
 * its slots from before it is sent to its end; every request, polls too, keeps the rate; a refusal is taken by its meaning.
 *
 * ```
 *  prompts  -abc--------------------|
 *           generate(client, { concurrent: 2 })     tasks: a 6, b 9, c 16 long
 *  results  -------a---b-----------c|
 * ```
 *
 * Results come as their tasks end, and are values: a failed prompt never ends the stream. What does are an error of the
 * source, what `promptId` or `externalId` throws, and an error of the journal, once all that runs has been collected. A
 * result that is not final (`overdue`, say) can be followed by another, final one. A task that may exist is never sent
 * again: it is looked up by the id under which it was sent, and adopted. With a `journal` that holds through crashes too:
 * the same prompts piped through again give all results: what had ended is told again, what ran is adopted, the rest made.
 * Unsubscribing ends what is ours, at once; a task that the server has goes on there and is paid for: use `stop` to
 * end in order. Two streams on one account share `slots` and `requests`.
 * The source is subscribed to once the journal is open and, with `concurrent: 'auto'`, the account has been asked: what a
 * `Subject` says before that is lost.
 *
 * @throws OptionsError; the stream errors with JournalLockedError or JournalError
 */
export function generate<Input, Request>(
  api: TaskApi<Request>,
  options: GenerateOptions<Input> = {},
): OperatorFunction<Input, GenerateResult<Input>> {
  const parsed = parseGenerateOptions(options);
  const { pollBatch } = api;
  if (!(pollBatch >= 1)) {
    throw new OptionsError(
      `generate: pollBatch of the API: must be an integer of at least 1 (got ${pollBatch})`,
      'pollBatch',
    );
  }
  return (source) => openAccount(api, parsed).pipe(concatMap((account) => resultsOf(source, account)));
}

function resultsOf<Input, Request>(
  source: Observable<Input>,
  account: Account<Request>,
): Observable<GenerateResult<Input>> {
  const { shared } = account;
  const results = shared === undefined ? aloneResultsOf(source, account) : sharedResultsOf(source, account, shared);
  // Whoever goes on as the stream ends finds all of it in the journal, and the journal free.
  const closed = defer(() => (account.hasJournal ? from(account.close()).pipe(ignoreElements()) : EMPTY));
  const failure = defer(() => {
    if (account.journalError !== undefined) throw account.journalError.cause;
    return EMPTY;
  });
  return concat(results, closed, failure).pipe(finalize(() => void account.close()));
}

function aloneResultsOf<Input, Request>(
  source: Observable<Input>,
  account: Account<Request>,
): Observable<GenerateResult<Input>> {
  const { slots, stopping } = account;
  return new Observable<GenerateResult<Input>>((subscriber) => {
    const intake = new Intake<Input, Request>(account);
    const runs = takenFrom(source, account, intake, subscriber);
    const adopted = from(intake.adopted());
    return merge(intake.unsent$, concat(adopted, runs))
      .pipe(
        concurrencyLimit((run) => concat(run.result(), intake.settled(run)), {
          limiter: slots,
          cost: (run) => run.record.cost,
          key: (run) => run.record.identity.owner,
          priority: (run) => run.record.identity.priority,
          stop: stopping.signal,
        }),
      )
      .subscribe(subscriber);
  });
}

/** As alone, but that a prompt which another worker has waits without a slot until its end there is known. */
function sharedResultsOf<Input, Request>(
  source: Observable<Input>,
  account: Account<Request>,
  shared: Shared,
): Observable<GenerateResult<Input>> {
  return new Observable<GenerateResult<Input>>((subscriber) => {
    const intake = new SharedIntake<Input, Request>(account, shared);
    const prompts = takenFrom(source, account, intake, subscriber);
    const adopted = from(intake.adopted());
    subscriber.add(account.heard.subscribe((task) => intake.heard(task)));
    const results = concurrencyLimit((prompt: SharedPrompt<Input, Request>) => prompt.result(), {
      ...{ limit: Infinity, stop: account.stopping.signal },
    });
    const asked = concat(adopted, prompts).pipe(results, tap({ complete: () => account.short.complete() }));
    const awaited = account.short.pipe(concatMap(() => intake.awaited()));
    return merge(awaited.pipe(results), asked).subscribe(subscriber);
  });
}

/** What is to be done about the prompts that come; results that are there already are told at once. */
function takenFrom<Input, Run>(
  source: Observable<Input>,
  account: Account<unknown>,
  intake: { take(input: Input, index: number): Taken<Input, Run> },
  subscriber: Subscriber<GenerateResult<Input>>,
): Observable<Run> {
  return source.pipe(
    tap({ complete: () => (account.isTakingIn = false) }),
    map((input, index) => intake.take(input, index)),
    tap((taken) => {
      if ('result' in taken) subscriber.next(taken.result);
    }),
    filter((taken) => 'run' in taken),
    map(({ run }) => run),
  );
}
