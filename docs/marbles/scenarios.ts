import type { MarbleRecord } from './record.js';
import * as concurrencyLimit from './scenarios/concurrencyLimit.js';
import * as createRequestQueue from './scenarios/createRequestQueue.js';
import * as generate from './scenarios/generate.js';
import * as pollUntilDone from './scenarios/pollUntilDone.js';
import * as pullFrom from './scenarios/pullFrom.js';
import * as rateLimit from './scenarios/rateLimit.js';
import * as retryWithJitter from './scenarios/retryWithJitter.js';

/** Every picture: `rateLimit-burst` is `burst` of `rateLimit`. */
export const scenarios: Readonly<Record<string, () => Promise<MarbleRecord>>> = named({
  rateLimit,
  concurrencyLimit,
  retryWithJitter,
  pollUntilDone,
  pullFrom,
  generate,
  createRequestQueue,
});

function named(modules: Readonly<Record<string, Readonly<Record<string, () => Promise<MarbleRecord>>>>>) {
  return Object.fromEntries(
    Object.entries(modules).flatMap(([operator, module]) =>
      Object.entries(module).map(([name, play]) => [`${operator}-${name}`, play] as const),
    ),
  );
}
