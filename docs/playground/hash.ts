import { problemWith, typed, type Field, type Value } from './fields.js';
import { contradiction, defaults, fields, names, type Settings } from './scenario.js';

/** The settings as the end of an address: those that are not what they are to begin with, so that a link stays short. */
export function toHash(settings: Settings): string {
  const changed = names.filter((name) => settings[name] !== defaults[name]);
  return new URLSearchParams(changed.map((name) => [name, written(settings[name])])).toString();
}

/**
 * The settings that an address holds, and what is wrong with it, in words; what is wrong stays as it is to begin with.
 * Undefined for a hash without `=`: that of a heading, which holds no settings.
 */
export function fromHash(
  hash: string,
): { readonly settings: Settings; readonly problems: readonly string[] } | undefined {
  const text = hash.replace(/^#/, '');
  if (!text.includes('=')) return undefined;
  const problems: string[] = [];
  const found: Record<string, Value> = {};
  for (const [name, given] of new URLSearchParams(text)) {
    if (!isName(name)) {
      problems.push(`There is no setting "${shortened(name)}".`);
      continue;
    }
    const field = asInAddress(fields[name]);
    const value = read(field, given);
    const problem = problemWith(field, value);
    if (problem === undefined) found[name] = value;
    else problems.push(`${name} ${problem} (got "${shortened(given)}"): ${written(field.initial)} is used.`);
  }
  const settings: Settings = { ...defaults, ...found };
  const conflict = contradiction(settings);
  return conflict === undefined ? { settings, problems } : { settings: defaults, problems: [...problems, conflict] };
}

function isName(name: string): name is keyof Settings {
  return Object.hasOwn(fields, name);
}

/** In ms where a control shows seconds: an address says what the code would. */
function asInAddress(field: Field): Field {
  return field.kind === 'number' && field.unit === 's' ? { ...field, unit: 'ms' } : field;
}

function written(value: Value): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

function read(field: Field, text: string): Value {
  if (field.kind === 'switch') return text === 'on' ? true : text === 'off' ? false : text;
  return typed(field, text);
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
