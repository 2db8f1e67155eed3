/** What was seen of one scenario, as plain data. Instants are ms of virtual time, from 0. */
export interface MarbleRecord {
  /** What the picture shows, in a line. */
  readonly title: string;
  /** What there is to see, in words. */
  readonly description: string;
  /** The end of the time axis. */
  readonly untilMs: number;
  /** From one figure on the axis to the next. */
  readonly tickMs: number;
  readonly rows: readonly Row[];
  /** Spans of time that are shaded behind all rows. */
  readonly bands?: readonly Band[];
  /** What the axis says beside its figures. @defaultValue 's' */
  readonly unit?: string;
}

export type Row = StreamRow | CallRow | SpansRow | WindowsRow | RangeRow | CrowdRow;

/** Values at instants, and an end. A second line of a label is small. */
export interface StreamRow {
  readonly kind: 'stream';
  readonly label: string;
  readonly marbles: readonly Marble[];
  readonly end?: End;
  /** The labels of the rows whose values these are: a thread leads from each to its own here. */
  readonly follows?: readonly string[];
}

/** The call that turns what is above it into what is below, as code. */
export interface CallRow {
  readonly kind: 'call';
  readonly code: string;
}

/** What lasts: work, tries, polls, waits. No two on one track overlap. */
export interface SpansRow {
  readonly kind: 'spans';
  readonly label: string;
  readonly spans: readonly Span[];
  readonly follows?: readonly string[];
}

/** For each instant at which a value passed: the window that begins there, and what it sees. */
export interface WindowsRow {
  readonly kind: 'windows';
  readonly label: string;
  readonly limit: number;
  readonly windows: readonly Window[];
}

/** Between what a draw may fall, and where some fell. */
export interface RangeRow {
  readonly kind: 'range';
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly drawnMs: readonly number[];
}

/** What many did, a dot each, piled up where they did it together. */
export interface CrowdRow {
  readonly kind: 'crowd';
  readonly label: string;
  readonly atMs: readonly number[];
}

export interface Marble {
  readonly atMs: number;
  readonly value: string;
  readonly tone?: Tone;
}

/** What a colour says; without a tone it says which value it is. */
export type Tone = 'bad' | 'quiet';

export interface End {
  readonly atMs: number;
  readonly how: 'complete' | 'error' | 'unsubscribed';
  readonly text?: string;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whose it is. */
  readonly value: string;
  /** From 0. */
  readonly track: number;
  /** `remote` is another's, who does not tell us. */
  readonly look: 'work' | 'wait' | 'failed' | 'aborted' | 'remote';
  readonly tone?: Tone;
  /** What is written on it. @defaultValue the value */
  readonly text?: string;
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sees: readonly Marble[];
}

export interface Band {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text?: string;
}
