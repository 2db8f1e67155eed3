/**
 * Units by the instant they were stamped, oldest first: a ring of two number columns that grows as needed.
 * Stamps must not go back from one push to the next.
 */
export class StampLog {
  /** The sum of all units held. */
  total = 0;
  #stamps = new Float64Array(16);
  #units = new Float64Array(16);
  #head = 0;
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The oldest stamp; NaN when empty. */
  get oldestMs(): number {
    return this.#size === 0 ? NaN : this.#stampAt(0);
  }

  /** The newest stamp; NaN when empty. */
  get newestMs(): number {
    return this.#size === 0 ? NaN : this.#stampAt(this.#size - 1);
  }

  push(stampMs: number, units: number): void {
    if (units === 0) return;
    this.total += units;
    if (this.#size > 0 && this.newestMs === stampMs) {
      this.#units[this.#slot(this.#size - 1)]! += units;
      return;
    }
    if (this.#size === this.#stamps.length) this.#grow();
    const slot = this.#slot(this.#size++);
    this.#stamps[slot] = stampMs;
    this.#units[slot] = units;
  }

  dropOldest(): void {
    this.total -= this.#units[this.#head]!;
    this.#head = (this.#head + 1) & (this.#stamps.length - 1);
    // Sums of fractions drift; an empty log holds exactly nothing.
    if (--this.#size === 0) this.total = 0;
  }

  /** The stamp of the unit with whose leaving at least `units` will have left, oldest first; NaN when it holds fewer. */
  stampOf(units: number): number {
    let left = units;
    for (let i = 0; i < this.#size; i++) {
      left -= this.#units[this.#slot(i)]!;
      if (left <= 0) return this.#stampAt(i);
    }
    return NaN;
  }

  /** Takes units back out from under a stamp; nothing happens where that stamp has left already. */
  remove(stampMs: number, units: number): void {
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#stampAt(middle) < stampMs) low = middle + 1;
      else high = middle;
    }
    if (this.#size === 0 || this.#stampAt(low) !== stampMs) return;
    this.#units[this.#slot(low)]! -= units;
    this.total -= units;
    // The newest stamp is that of a unit: emptied ones leave from the end.
    while (this.#size > 0 && this.#units[this.#slot(this.#size - 1)] === 0) this.#size--;
    if (this.#size === 0) this.total = 0;
  }

  copy(): StampLog {
    const copy = new StampLog();
    copy.total = this.total;
    copy.#stamps = this.#stamps.slice();
    copy.#units = this.#units.slice();
    copy.#head = this.#head;
    copy.#size = this.#size;
    return copy;
  }

  #slot(index: number): number {
    return (this.#head + index) & (this.#stamps.length - 1);
  }

  #stampAt(index: number): number {
    return this.#stamps[this.#slot(index)]!;
  }

  #grow(): void {
    const capacity = this.#stamps.length * 2;
    const stamps = new Float64Array(capacity);
    const units = new Float64Array(capacity);
    for (let i = 0; i < this.#size; i++) {
      stamps[i] = this.#stampAt(i);
      units[i] = this.#units[this.#slot(i)]!;
    }
    this.#stamps = stamps;
    this.#units = units;
    this.#head = 0;
  }
}
