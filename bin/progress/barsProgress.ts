import { systemClock, type Cancel } from '../../operators/index.js';
import { summaryLines, type Summary } from '../summary.js';
import { bars, type View } from './bars.js';
import type { Output, Progress, RunEvent } from './progress.js';
import { Screen } from './screen.js';

const redrawMs = 100;

/** Bars that are redrawn in place on a terminal, ten times a second at the most. */
export class BarsProgress implements Progress {
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #view: () => View;
  #cancel: Cancel;

  constructor(output: Output, isColoured: boolean, view: () => View) {
    this.#output = output;
    this.#screen = new Screen(output, isColoured);
    this.#view = view;
    this.#cancel = systemClock.schedule(0, () => this.#redraw());
  }

  event(_event: RunEvent): void {
    // The next frame shows it.
  }

  note(text: string): void {
    this.print(text);
  }

  print(line: string): void {
    this.#screen.above(line);
  }

  close(summary?: Summary): void {
    this.#cancel();
    this.#screen.clear();
    if (summary !== undefined) this.#output.write(`${summaryLines(summary).join('\n')}\n`);
  }

  #redraw(): void {
    this.#screen.draw(bars(this.#view(), this.#screen.size));
    this.#cancel = systemClock.schedule(redrawMs, () => this.#redraw());
  }
}
