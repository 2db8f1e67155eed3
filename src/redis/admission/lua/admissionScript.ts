import { decide } from './decide.js';
import { gate } from './gate.js';
import { lanes } from './lanes.js';
import { leases } from './leases.js';
import { quotas } from './quotas.js';
import { slots } from './slots.js';
import { state } from './state.js';
import { windows } from './windows.js';

/** The one script that decides: all of a limiter's limits at once, for all processes, on Redis' own clock. */
export const admissionScript = [state, windows, slots, quotas, gate, leases, lanes, decide].join('\n');
