import type { KlingApi } from '../klingRequest.js';
import { newStandard } from './newStandard.js';
import type { Standard } from './standard.js';
import { v1Standard } from './v1Standard.js';

/** Kling's two, by name. */
export const standards: Readonly<Record<KlingApi, Standard>> = { v1: v1Standard, new: newStandard };
