import { z } from 'zod';

/** When a step of a table happens, in ms, and how much it asks for. */
export const asked = { t: z.number(), n: z.number() };

/** `n` is asked for every so often: between `min` and `max` times it is granted. */
export const offer = z.strictObject({
  op: z.literal('offer'),
  from: z.number(),
  to: z.number(),
  every: z.number(),
  n: z.number(),
  min: z.number(),
  max: z.number(),
});

/** How many have been granted in all by an instant, to who takes all that there is. */
export const greedyCount = z.strictObject({
  op: z.literal('greedyCount'),
  by: z.array(z.tuple([z.number(), z.number()])),
});
