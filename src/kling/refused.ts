import { KlingError, type AnswerContext } from './errors.js';
import { klingCodes } from './klingCodes.js';

/** The error for a code other than 0, with what can be done about it. */
export function refused(code: number, message: string, context: AnswerContext): KlingError {
  const documented = klingCodes.get(code);
  const advice = documented === undefined ? '' : `: ${documented.advice}`;
  return new KlingError(`Kling refused it: "${message}" (code ${code}, HTTP ${context.status})${advice}`, {
    ...context,
    kind: 'refused',
    klingCode: code,
    klingMessage: message,
  });
}
