import { map, Observable, type OperatorFunction } from 'rxjs';
import type { TaskApi } from '../src/tasks/taskApi.js';
import { openAccount } from './generating/account.js';
import { concurrencyLimit } from './concurrencyLimit.js';
import type { GenerateResult } from './generating/generateEvents.js';
import { parseGenerateOptions, type GenerateOptions } from './generating/generateOptions.js';
import { TaskRun } from './generating/taskRun.js';

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
 * Results come as their tasks end, and are values: a failed prompt never ends the stream, only an error of the source
 * does. A task that may exist is never sent again: it is looked up by the id under which it was sent, and adopted.
 * Unsubscribing ends what is ours, at once; a task that the server has goes on there and is paid for: use `stop` to
 * end in order. Two streams on one account share `slots` and `requests`.
 *
 * @throws OptionsError
 */
export function generate<Input, Request>(
  api: TaskApi<Request>,
  options: GenerateOptions<Input> = {},
): OperatorFunction<Input, GenerateResult<Input>> {
  const parsed = parseGenerateOptions(options);
  return (source) =>
    new Observable((subscriber) => {
      const account = openAccount(api, parsed);
      return source
        .pipe(
          map((input, index) => new TaskRun(account, input, index)),
          concurrencyLimit((run) => run.result(), {
            limiter: account.slots,
            cost: (run) => run.cost,
            stop: parsed.stop,
          }),
        )
        .subscribe(subscriber);
    });
}
