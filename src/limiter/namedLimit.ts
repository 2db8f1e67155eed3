import { OptionsError } from '../errors.js';
import type { Limit } from '../limits/limit.js';

/**
 * The limit of that name among those that have the method.
 *
 * @throws OptionsError naming those that do
 */
export function namedLimit(limits: readonly Limit[], name: string, method: 'update' | 'adjust'): Limit {
  const able = limits.filter((limit) => limit[method] !== undefined);
  const limit = able.find((it) => it.name === name);
  if (limit !== undefined) return limit;
  const done = method === 'update' ? 'changed' : 'adjusted';
  const names = able.map((it) => `"${it.name}"`).join(', ');
  throw new OptionsError(
    `${method}: no limit "${name}" that can be ${done}; there is ${names === '' ? 'none' : names}`,
    name,
  );
}
