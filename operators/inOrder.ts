/**
 * Passes on the values of many numbered works as if each had waited for those before it: the first unfinished one's
 * values go straight through, those of later ones wait.
 */
export class InOrder<T> {
  readonly #emit: (value: T) => void;
  readonly #held = new Map<number, T[]>();
  readonly #ended = new Set<number>();
  #current = 0;

  constructor(emit: (value: T) => void) {
    this.#emit = emit;
  }

  next(index: number, value: T): void {
    if (index === this.#current) {
      this.#emit(value);
      return;
    }
    const held = this.#held.get(index);
    if (held === undefined) this.#held.set(index, [value]);
    else held.push(value);
  }

  end(index: number): void {
    this.#ended.add(index);
    while (this.#ended.delete(this.#current)) {
      this.#current++;
      const held = this.#held.get(this.#current) ?? [];
      this.#held.delete(this.#current);
      held.forEach(this.#emit);
    }
  }
}
