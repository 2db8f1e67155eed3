import { systemClock, type Cancel, type RefusalMeaning } from '../../operators/index.js';
import { summaryLines, type Summary } from '../summary.js';
import { harmless } from '../text.js';
import { formatTicking } from '../units.js';
import { bars } from './bars.js';
import { eventLine } from './eventLine.js';
import { Pace } from './pace.js';
import type { Output, Progress, RunEvent } from './progress.js';
import { restoring } from './restoring.js';
import { Screen } from './screen.js';
import type { View } from './view.js';

const redrawMs = 100;

const expected: ReadonlySet<RefusalMeaning> = new Set(['too-fast', 'no-slot']);

/** Bars that are redrawn in place on a terminal, ten times a second at the most. */
export class BarsProgress implements Progress {
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #view: () => View;
  readonly #pace = new Pace();
  readonly #noMoreRestoring: Cancel;
  #cancel: Cancel;
  /** The last of the refusals since anything was sent or has ended. */
  #refused: Extract<RunEvent, { type: 'refused' }> | undefined;

  constructor(output: Output, isColoured: boolean, view: () => View) {
    this.#output = output;
    this.#screen = new Screen(output, isColoured);
    this.#view = view;
    this.#noMoreRestoring = restoring(() => this.#screen.clear());
    this.#cancel = systemClock.schedule(0, () => this.#redraw());
  }

  /** The next frame shows it; what has ended tells how long the others may take. */
  event(event: RunEvent): void {
    if (event.type === 'submitted' || event.type === 'processing' || event.type === 'ended') this.#refused = undefined;
    // Those for speed or slots are counted, and a matter of course.
    if (event.type === 'refused' && !expected.has(event.refusal.meaning)) this.#refused = event;
    if (event.type !== 'ended' || event.result.isEarlier === true) return;
    const { isFinal, submittedAtMs, endedAtMs } = event.result;
    if (isFinal && submittedAtMs !== undefined) this.#pace.took(endedAtMs - submittedAtMs);
  }

  note(text: string): void {
    this.print(harmless(text));
  }

  print(line: string): void {
    this.#screen.above(line);
  }

  close(summary?: Summary): void {
    this.#cancel();
    this.#screen.clear();
    this.#noMoreRestoring();
    if (summary !== undefined) this.#output.write(`${summaryLines(summary).join('\n')}\n`);
  }

  #redraw(): void {
    const view = this.#view();
    this.#screen.draw(bars(view, this.#screen.size, this.#pace.typicalMs, this.#trouble(view)));
    this.#cancel = systemClock.schedule(redrawMs, () => this.#redraw());
  }

  #trouble({ nowAtMs }: View): string | undefined {
    if (this.#refused === undefined) return undefined;
    return `${formatTicking(nowAtMs - this.#refused.atMs)} ago: ${eventLine(this.#refused, '') ?? ''}`;
  }
}
