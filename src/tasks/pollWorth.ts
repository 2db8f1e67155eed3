/** How much one end moves it. */
const gain = 0.1;
const least = 0.25;
const greatest = 3;

/**
 * What a poll is worth, in ms of delay, so that ends are noticed about `intervalMs / 2` late: what polling each task every
 * `intervalMs` would give.
 *
 * Where `lambda` tasks end per ms, a poll every `tau` notices `lambda tau` ends that have waited `lambda tau^2 / 2` together.
 * If a poll costs `c`, the two cost least at `tau = sqrt(2 c / lambda)` (Harris's lot size, 1913); which is `intervalMs` for
 * `c = lambda intervalMs^2 / 2`. That is where it starts, `lambda` being the tasks at hand over their mean life.
 * How far ends are from coming at a steady rate, the delays tell: each moves it a little, up to threefold where ends are
 * noticed sooner than was aimed at, down to a quarter where later.
 */
export class PollWorth {
  readonly #intervalMs: number;
  /** Relative to what is right at a steady rate. */
  #factor = 1;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Of a poll for so many tasks; at the most, as if each of them were noticed as late as is aimed at. */
  ofMs(tasks: number, meanLifeMs: number): number {
    const perTask = Math.min(1, (this.#factor * this.#intervalMs) / meanLifeMs);
    return (tasks * perTask * this.#intervalMs) / 2;
  }

  /** A poll has found an end that late. A very late one counts as one of a whole interval: rare lives do not rule it. */
  noticed(delayMs: number): void {
    const lateness = delayMs > 0 ? Math.min(2, delayMs / (this.#intervalMs / 2)) : 0;
    this.#factor = Math.min(greatest, Math.max(least, this.#factor * Math.exp(gain * (1 - lateness))));
  }
}
