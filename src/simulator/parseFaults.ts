import { OptionsError } from '../errors.js';
import { parseOptions } from '../options.js';
import { faultNames, faultScopes, faultsSchema, type Faults, type Occurrence } from './faults.js';

/**
 * Reads faults from a command line: `resetAfter=0.1,errorAfter=#3,garbled=#1+#4,latency=2-40`. A number is a share,
 * `#k` the k-th request, `latency` a range or a number of milliseconds.
 *
 * @throws OptionsError naming the part that cannot be read.
 */
export function parseFaults(text: string): Faults {
  const faults: Record<string, unknown> = {};
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [name = '', ...rest] = part.split('=').map((piece) => piece.trim());
    const value = rest.join('=');
    const isLatency = name === 'latency';
    if (!isLatency && !Object.hasOwn(faultScopes, name)) {
      throw new OptionsError(`faults: "${name}" is none; there are latency, ${faultNames.join(', ')}`, name);
    }
    const key = isLatency ? 'latencyMs' : name;
    if (Object.hasOwn(faults, key)) throw new OptionsError(`faults: ${name} is given twice`, name);
    faults[key] = isLatency ? readLatency(value) : readOccurrence(name, value);
  }
  return parseOptions(faultsSchema, faults, 'faults');
}

function readOccurrence(name: string, value: string): Occurrence {
  if (/^#\d+(\+#\d+)*$/.test(value)) return { at: value.split('+').map((piece) => Number(piece.slice(1))) };
  if (/^(\d+(\.\d+)?|\.\d+)$/.test(value)) return Number(value);
  throw new OptionsError(
    `faults: ${name}: must be a share like 0.1, or #3, or #3+#7 (got ${JSON.stringify(value)})`,
    name,
  );
}

function readLatency(value: string): { min: number; max: number } {
  const [, min, max] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
  if (min === undefined) {
    throw new OptionsError(`faults: latency: must be ms like 20 or 2-40 (got ${JSON.stringify(value)})`, 'latency');
  }
  return { min: Number(min), max: Number(max ?? min) };
}
