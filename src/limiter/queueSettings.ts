import * as z from 'zod/mini';
import { countOrInfinity } from '../options.js';

/**
 * What a full queue does with one more: refuse it with an error; give up the longest waiting of the same key, or, where
 * that has none waiting, the one whose turn comes next; give up the new one.
 */
export type Overflow = 'error' | 'drop-oldest' | 'drop-newest';

export const queueSchema = z.strictObject({
  maxSize: countOrInfinity,
  overflow: z._default(z.enum(['error', 'drop-oldest', 'drop-newest']), 'error'),
});

/** How many may wait, and what happens to one more. */
export type QueueSettings = z.output<typeof queueSchema>;

export const unbounded: QueueSettings = { maxSize: Infinity, overflow: 'error' };
