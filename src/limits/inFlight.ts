/** Units of work that has started and not ended. Sums of fractions drift: while nothing runs they are exactly none. */
export class InFlight {
  units = 0;
  #works = 0;

  start(units: number): void {
    this.#works++;
    this.units += units;
  }

  end(units: number): void {
    this.units = --this.#works === 0 ? 0 : this.units - units;
  }

  copy(): InFlight {
    const copy = new InFlight();
    copy.units = this.units;
    copy.#works = this.#works;
    return copy;
  }
}
