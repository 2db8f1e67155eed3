import { of } from 'rxjs';

/** Reports, as RxJS does, what is thrown where nobody can catch it: to `config.onUnhandledError`, or thrown on its own. */
export function reportUnhandled(error: unknown): void {
  of(undefined).subscribe(() => {
    throw error;
  });
}
