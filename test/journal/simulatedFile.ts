/** The bytes of one file: as processes see them, and what of them would survive. */
export class SimulatedFile {
  #content: Uint8Array = new Uint8Array();
  #synced: Uint8Array = new Uint8Array();
  /** Up to here nothing has changed since the last sync. */
  #sameBytes = 0;
  /** What a failed sync has lost on its way: it is seen, never reaches the disk, and no later sync says so. */
  #lost: { readonly from: number; readonly to: number } | undefined;

  get content(): Uint8Array {
    return this.#content;
  }

  append(bytes: Uint8Array): void {
    this.#content = Buffer.concat([this.#content, bytes]);
  }

  truncate(length: number): void {
    this.#content = this.#content.slice(0, length);
    this.#sameBytes = Math.min(this.#sameBytes, length);
    if (this.#lost !== undefined) this.#lost = { from: this.#lost.from, to: Math.min(this.#lost.to, length) };
  }

  sync(): void {
    this.#synced = this.#reaching();
    this.#sameBytes = this.#content.length;
  }

  failSync(): void {
    this.#lost = { from: Math.min(this.#lost?.from ?? Infinity, this.#sameBytes), to: this.#content.length };
  }

  /** What was not synced is not there, or begins to be; the rest of it is not there, or is zeros, or anything. */
  crash(random: () => number): void {
    const isChanged = this.#sameBytes < Math.max(this.#content.length, this.#synced.length);
    if (isChanged && random() < 0.7) this.#synced = this.#inParts(random);
    this.#content = this.#synced;
    this.#sameBytes = this.#content.length;
    this.#lost = undefined;
  }

  #inParts(random: () => number): Uint8Array {
    const changed = this.#content.length - this.#sameBytes;
    const kept = Math.floor(random() * (changed + 1));
    const tail = new Uint8Array(random() < 0.5 ? 0 : Math.floor(random() * (changed - kept + 1)));
    if (random() < 0.5) tail.forEach((_, at) => (tail[at] = Math.floor(random() * 256)));
    return Buffer.concat([this.#reaching().subarray(0, this.#sameBytes + kept), tail]);
  }

  #reaching(): Uint8Array {
    const bytes = this.#content.slice();
    if (this.#lost !== undefined) bytes.fill(0, this.#lost.from, this.#lost.to);
    return bytes;
  }
}
