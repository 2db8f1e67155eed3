import { SluiceError } from '../src/errors.js';
import { messageOf } from './text.js';

/** What was asked for cannot be done as it was asked. Each line says one thing; the process ends with code 2. */
export class UsageError extends SluiceError {
  readonly code = 'SLUICE_USAGE';

  constructor(lines: string | readonly string[], options?: ErrorOptions) {
    super(typeof lines === 'string' ? lines : lines.join('\n'), options);
  }
}

/** For what could not be written in the directory of a run, before anything was sent. */
export function cannotBeWritten(path: string, cause: unknown): UsageError {
  const message = `${path} cannot be written (${messageOf(cause)}): choose another --out; nothing was submitted`;
  return new UsageError(message, { cause });
}
