import * as z from 'zod/mini';
import { parseOptions, positiveCount } from '../options.js';

export interface RetryBudgetOptions {
  /** How many retries a request earns; from 0 (the reserve is all there is) to 1. @defaultValue 0.1 */
  readonly ratio?: number;
  /**
   * How many retries can be saved up, and are there at the start, so that few requests can be retried too.
   * An integer of at least 1.
   * @defaultValue 10
   */
  readonly reserve?: number;
}

/** What a retry budget has seen and what it has left. */
export interface RetryBudgetSnapshot {
  readonly requests: number;
  readonly retries: number;
  /** How many retries it did not grant. */
  readonly refused: number;
  /** How many retries it would grant now. */
  readonly available: number;
}

/** Retries as a bounded share of the traffic; made by `createRetryBudget`. Whoever holds it shares it. */
export interface RetryBudget {
  /** Tells of a new request, once; its retries are not requests. */
  onRequest(): void;
  /** True: retry, it has been paid for. False: give up with the error at hand. */
  tryRetry(): boolean;
  snapshot(): RetryBudgetSnapshot;
}

const schema = z.strictObject({
  ratio: z._default(z.number().check(z.gte(0), z.lte(1)), 0.1),
  reserve: z._default(positiveCount, 10),
});

/**
 * Keeps a server that fails from being buried in retries: at most `reserve + ratio * requests` of them, in any stretch of
 * the traffic. Backoff cannot do that: each caller waits longer, yet all of them come again.
 *
 * A bucket of `reserve` retries which requests fill, not time: no clock, the same at any rate, and an idle night earns
 * nothing. The figures are the usual ones: retries under 10 % of the traffic (Google's SRE book); gRPC's retry throttling
 * and the AWS SDKs (500 tokens, 5 a retry) keep such buckets too.
 *
 * @throws OptionsError
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { ratio, reserve } = parseOptions(schema, options, 'createRetryBudget');
  let requests = 0;
  let retries = 0;
  let refused = 0;
  // Since the bucket was full. Counted, never summed up: ten times 0.1 is one retry.
  let earning = 0;
  let spent = 0;

  const available = (): number => Math.floor(reserve + ratio * earning - spent);

  return {
    onRequest() {
      requests++;
      earning++;
      if (ratio * earning < spent) return;
      earning = 0;
      spent = 0;
    },
    tryRetry() {
      if (available() < 1) {
        refused++;
        return false;
      }
      retries++;
      spent++;
      return true;
    },
    snapshot: () => ({ requests, retries, refused, available: available() }),
  };
}
