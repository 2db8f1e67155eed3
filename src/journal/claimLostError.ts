import { SluiceError } from '../errors.js';

/** Another worker may make this prompt by now: what was to be written about it was refused. */
export class ClaimLostError extends SluiceError {
  override readonly name = 'ClaimLostError';
  readonly code = 'SLUICE_CLAIM_LOST';
  /** What the journal knows the prompt by; undefined where it does not. */
  readonly key: string | undefined;

  constructor(key: string | undefined) {
    super(`the prompt ${key ?? 'of an unknown task'} is not claimed by this worker: another may be making it`);
    this.key = key;
  }
}
