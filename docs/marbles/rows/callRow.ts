import type { Frame, LaidOut } from '../frame.js';
import type { CallRow } from '../record.js';
import { element, text } from '../svg.js';

const height = 44;

/** The operator: a box that threads pass behind. */
export function layOutCall({ code }: CallRow, { left, right }: Frame): LaidOut {
  return {
    height,
    draw: (top) =>
      element('rect', { class: 'call', x: left, y: top + 8, width: right - left, height: 28, rx: 6 }) +
      text(code, { class: 'code', x: (left + right) / 2, y: top + 26.5 }),
    anchors: () => new Map(),
  };
}
