/** The code of a system error, `ENOENT` say; undefined where it is none. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}
