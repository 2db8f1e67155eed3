import { parseHttpDate } from './httpDate.js';

/** The headers of an answer, by name in any case; undici's and Node's `IncomingHttpHeaders` fit. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The values of the field `name`, given in lower case: none, one, or one for each line it came in. */
export function valuesOf(headers: HttpHeaders, name: string): readonly string[] {
  return Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
}

/** What the server's clock said as it answered, in ms since 1970, by its `Date`; without one, `nowEpochMs`. */
export function serverNowMs(headers: HttpHeaders, nowEpochMs: number): number {
  const [sentAtMs] = valuesOf(headers, 'date').map((value) => parseHttpDate(value.trim(), nowEpochMs));
  return sentAtMs ?? nowEpochMs;
}
