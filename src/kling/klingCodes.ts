import type { RefusalMeaning } from '../refusal.js';

/** What a code in Kling's answer means, and what its reader can do about it. */
export interface KlingCode {
  /** `unsure`: a submit may have made a task, a read can be tried again. */
  readonly meaning: RefusalMeaning | 'unsure';
  readonly advice: string;
}

const checkKeys = 'check the API key, or the access key and the secret key';
const checkClock = 'the next call signs a new token; if that one is refused too, correct the clock of this machine';
const checkRequest = 'correct the request';

/** The documented codes. Six meanings share HTTP status 429, so the code goes before the status. */
export const klingCodes: ReadonlyMap<number, KlingCode> = new Map<number, KlingCode>([
  [1000, { meaning: 'account', advice: checkKeys }],
  [1001, { meaning: 'account', advice: `${checkKeys}; a proxy may have dropped the Authorization header` }],
  [1002, { meaning: 'account', advice: `${checkKeys}, and that they are of the region of baseUrl` }],
  [1003, { meaning: 'auth-stale', advice: checkClock }],
  [1004, { meaning: 'auth-stale', advice: checkClock }],
  [1100, { meaning: 'account', advice: 'the account is not in order: ask Kling' }],
  [1101, { meaning: 'account', advice: 'the account is in arrears: top it up' }],
  [1102, { meaning: 'exhausted', advice: 'the resource pack is used up or has expired: renew it' }],
  [1103, { meaning: 'invalid', advice: 'the account may not use this function or model: choose another' }],
  [1200, { meaning: 'invalid', advice: checkRequest }],
  [1201, { meaning: 'invalid', advice: checkRequest }],
  [1202, { meaning: 'invalid', advice: 'check baseUrl: there is no such method' }],
  [1203, { meaning: 'invalid', advice: 'check the model name and the ids: there is no such thing' }],
  [1300, { meaning: 'policy', advice: 'change the prompt or the image: the platform does not allow it' }],
  [1301, { meaning: 'policy', advice: 'change the prompt or the image: it was taken for unsafe' }],
  [1302, { meaning: 'too-fast', advice: 'lower the rate of requests' }],
  [1303, { meaning: 'no-slot', advice: 'wait for a task to end, or lower the number at once' }],
  [1304, { meaning: 'account', advice: "put the address of this machine on the account's allow list" }],
  [5000, { meaning: 'unsure', advice: 'the fault is on the side of Kling' }],
  [5001, { meaning: 'unsure', advice: 'Kling is under maintenance' }],
  [5002, { meaning: 'unsure', advice: 'Kling ran out of time' }],
]);
