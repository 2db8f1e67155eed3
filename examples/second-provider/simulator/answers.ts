/** A request, as it came. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly token: string | undefined;
  /** The idempotency key. */
  readonly key: string | undefined;
  /** What the JSON of its body says. */
  readonly body: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The job is taken on, and may be asked for in a while. */
export function accepted(id: string): Answered {
  return { status: 202, headers: { location: `/jobs/${id}`, 'retry-after': '2' } };
}

/** A refusal (RFC 9457). */
export function problem(status: number, title: string, headers: Readonly<Record<string, string>> = {}): Answered {
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body: { status, title } };
}
