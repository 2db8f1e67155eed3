import { OptionsError } from '../../errors.js';

/** Whether a name can be one segment of a path: one of dots would mean another path, half a character fits into no URL. */
export function isPathSegment(name: string): boolean {
  return !/^\.{0,2}$|\p{Cs}/u.test(name);
}

/** @throws OptionsError for an id that would ask for something else */
export function idSegment(id: string): string {
  if (!isPathSegment(id)) throw new OptionsError(`"${id}" is no task id`, 'id');
  return encodeURIComponent(id);
}
