import { catchError, defer, ignoreElements, tap, type Observable } from 'rxjs';
import { LookUpFailedError } from '../../src/errors.js';
import { isPermanent, type Refusal } from '../../src/refusal.js';
import { retryWithJitter } from '../retryWithJitter.js';
import type { Account } from './account.js';
import { lookedUp } from './answers.js';
import { meaningOf } from './meaningOf.js';
import type { TaskRecord } from './taskRecord.js';
import { underRate } from './underRate.js';

/**
 * Asks the server by the id whether it has the task, and takes the word down. Looking costs nothing, and not looking may
 * cost a task: it goes on until there is an answer, or past the deadline.
 *
 * @throws (errors with) LookUpFailedError
 */
export function lookUpTask<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  request: Request,
): Observable<never> {
  const { api, options, clock, closures, requests } = account;
  const endsAtMs = clock.now() + options.deadlineMs;
  let strangeInARow = 0;
  const classify = (error: unknown): Refusal => {
    const refusal = meaningOf(api, error);
    if (clock.now() >= endsAtMs) return { meaning: 'invalid' };
    if (!isPermanent(refusal)) strangeInARow = 0;
    // As with polls: what no retry should help is asked a few times all the same.
    else if (strangeInARow++ < options.maxRetries) return { ...refusal, meaning: 'transient' };
    return refusal;
  };
  const asked = underRate(requests, (call) => {
    record.report({ type: 'looking-up' });
    return defer(() => lookedUp(api, request, record.id, call)).pipe(
      catchError((error: unknown) => {
        record.report({ type: 'refused', refusal: meaningOf(api, error), error });
        throw error;
      }),
    );
  });
  return asked.pipe(
    retryWithJitter({
      maxRetries: Infinity,
      classify,
      random: options.random,
      clock,
      onRetry: ({ refusal, delayMs }) => record.report({ type: 'retrying', refusal, delayMs }),
    }),
    catchError((error: unknown) => {
      closures.heard(api.productOf(request), meaningOf(api, error), error);
      throw new LookUpFailedError(record.id, error);
    }),
    tap((remote) => {
      if (remote === undefined) record.apply({ type: 'absent' });
      else record.seen(remote);
    }),
    ignoreElements(),
  );
}
