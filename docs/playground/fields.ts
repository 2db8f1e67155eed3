/** A setting of the playground: what may stand in it, and what it is called. */
export type Field = NumberField | ChoiceField<string> | SwitchField;

interface Named {
  readonly label: string;
  /** What is to be known of it, in a sentence. */
  readonly hint?: string;
}

export interface NumberField extends Named {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly initial: number;
  /** How it is shown; `s` is shown in seconds and kept in ms. */
  readonly unit: '' | 's' | 'ms' | '%';
}

export interface ChoiceField<C extends string> extends Named {
  readonly kind: 'choice';
  readonly choices: readonly C[];
  readonly initial: C;
}

export interface SwitchField extends Named {
  readonly kind: 'switch';
  readonly initial: boolean;
}

export type ValueOf<F extends Field> = F extends ChoiceField<infer C> ? C : F extends SwitchField ? boolean : number;

export type Value = number | string | boolean;

/** How many, or a share in percent. */
export function count(label: string, min: number, max: number, initial: number, more: Partial<NumberField> = {}) {
  return { kind: 'number', label, min, max, step: 1, initial, unit: '', ...more } as const satisfies NumberField;
}

/** A span of time, in ms; shown in seconds. */
export function seconds(label: string, minMs: number, maxMs: number, initialMs: number, hint?: string) {
  const figures = { min: minMs, max: maxMs, step: 100, initial: initialMs, unit: 's' } as const;
  return { kind: 'number', label, ...figures, ...(hint !== undefined && { hint }) } as const satisfies NumberField;
}

export function choice<C extends string>(label: string, choices: readonly [C, ...C[]], hint?: string): ChoiceField<C> {
  return { kind: 'choice', label, choices, initial: choices[0], ...(hint !== undefined && { hint }) };
}

export function toggle(label: string, initial: boolean, hint?: string): SwitchField {
  return { kind: 'switch', label, initial, ...(hint !== undefined && { hint }) };
}

/** How a value is written in a control: seconds where it is kept in ms. */
export function shown(field: Field, value: Value): string {
  return field.kind === 'number' && field.unit === 's' ? String(Number(value) / 1_000) : String(value);
}

/** What was written in a control, as a value; whether it may stand is for `problemWith` to say. */
export function typed(field: Field, text: string): Value {
  if (field.kind !== 'number') return text;
  const figure = text.trim() === '' ? NaN : Number(text);
  return field.unit === 's' ? Math.round(figure * 1_000) : figure;
}

/** Why a value may not stand in a field; undefined where it may. */
export function problemWith(field: Field, value: Value): string | undefined {
  if (field.kind === 'switch') return typeof value === 'boolean' ? undefined : 'must be on or off';
  if (field.kind === 'choice') {
    return field.choices.includes(String(value)) ? undefined : `must be one of ${field.choices.join(', ')}`;
  }
  const { min, max } = field;
  const unit = field.unit === '' ? '' : ` ${field.unit}`;
  const range = `from ${shown(field, min)} to ${shown(field, max)}${unit}`;
  if (!Number.isInteger(value))
    return field.unit === 's' ? `must be a number ${range}` : `must be a whole number ${range}`;
  return Number(value) >= min && Number(value) <= max ? undefined : `must be ${range}`;
}
