import { admitting } from './admitting.js';
import { bucket } from './bucket.js';
import { commands } from './commands.js';
import { decide } from './decide.js';
import { epochs } from './epochs.js';
import { gate } from './gate.js';
import { hashes } from './hashes.js';
import { lanes } from './lanes.js';
import { leases } from './leases.js';
import { lists } from './lists.js';
import { lives } from './lives.js';
import { logs } from './logs.js';
import { processes } from './processes.js';
import { quotas } from './quotas.js';
import { ranks } from './ranks.js';
import { slots } from './slots.js';
import { state } from './state.js';
import { units } from './units.js';
import { windows } from './windows.js';

const kept = [commands, hashes, lists, ranks, state];
const limits = [units, logs, windows, bucket, slots, quotas, gate];

/** The one script that decides: all of a limiter's limits at once, for all processes, on Redis' own clock. */
export const admissionScript = [...kept, ...limits, leases, processes, lanes, admitting, epochs, lives, decide].join(
  '\n',
);
