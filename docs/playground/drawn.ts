import type { Figures } from './figures.js';
import type { RunRecord } from './record.js';
import type { Settings } from './scenario.js';

/** A run that has been made, and the settings that it was made with. */
export interface Drawn {
  readonly record: RunRecord;
  readonly figures: Figures;
  readonly settings: Settings;
}
