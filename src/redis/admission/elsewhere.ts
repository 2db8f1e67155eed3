import type { Limit } from '../../limits/limit.js';

/** Work that waits for Redis is held back by its key, so that it stands in nobody's way whose answer has come. */
export const elsewhere: Limit = {
  name: 'shared limits',
  kind: 'gate',
  isKeyed: true,
  capacity: Infinity,
  earliest: () => Infinity,
  take: () => undefined,
  release: () => undefined,
  refund: () => undefined,
  usage: () => ({ used: 0, capacity: Infinity, resetsAtMs: Infinity }),
};
