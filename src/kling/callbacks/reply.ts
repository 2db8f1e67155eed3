/** What a callback is answered with. `reason` is for whoever looks into why one was refused. */
export interface Reply {
  readonly status: 200 | 400 | 401 | 404 | 405 | 408 | 413 | 500;
  readonly reason?: string;
}

/** The body of an answer: empty where all is well. */
export function bodyOf({ reason }: Reply): string {
  return reason === undefined ? '' : JSON.stringify({ error: reason });
}

export function headersOf({ status, reason }: Reply): Record<string, string> {
  return {
    ...(reason !== undefined && { 'content-type': 'application/json' }),
    ...(status === 405 && { allow: 'POST' }),
  };
}
