/**
 * Passes on the values of many numbered works as if each had waited for those before it: the first unfinished one's
 * values go straight through, those of later ones wait.
 */
export class InOrder<T> {
  readonly #emit: (value: T) => void;
  readonly #held = new Map<number, T[]>();
  readonly #ended = new Set<number>();
  #current = 0;
  #isCatchingUp = false;

  constructor(emit: (value: T) => void) {
    this.#emit = emit;
  }

  next(index: number, value: T): void {
    // What comes while held values go out must go behind them.
    if (index === this.#current && !this.#isCatchingUp) {
      this.#emit(value);
      return;
    }
    const held = this.#held.get(index);
    if (held === undefined) this.#held.set(index, [value]);
    else held.push(value);
  }

  end(index: number): void {
    this.#ended.add(index);
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    do this.#emitHeld();
    while (this.#passEnded());
    this.#isCatchingUp = false;
  }

  #emitHeld(): void {
    for (let held = this.#held.get(this.#current); held !== undefined; held = this.#held.get(this.#current)) {
      this.#held.delete(this.#current);
      held.forEach(this.#emit);
    }
  }

  #passEnded(): boolean {
    if (!this.#ended.delete(this.#current)) return false;
    this.#current++;
    return true;
  }
}
