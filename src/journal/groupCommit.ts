interface Waiter {
  readonly body: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many writers share one trip to the disk: while one group is on its way, all who come meanwhile form the next. They are
 * written in the order in which they came, and the groups one after the other. The first failure is everybody's from
 * there on.
 */
export class GroupCommit {
  readonly #commit: (bodies: readonly string[]) => Promise<void>;
  #waiting: Waiter[] = [];
  #working: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param commit writes a group down for good; called again only once it is done, and never after it has failed */
  constructor(commit: (bodies: readonly string[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves once it is written down for good. */
  add(body: string): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ body, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves once nothing is on its way. */
  async drained(): Promise<void> {
    await this.#working;
  }

  /** From now on `add` rejects; what waits already is still written. @returns the error that `add` rejects with: the first */
  fail(error: unknown): unknown {
    this.#failure ??= { error };
    return this.#failure.error;
  }

  async #work(): Promise<void> {
    // Whoever comes in the same turn is of the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      try {
        await this.#commit(group.map(({ body }) => body));
      } catch (error) {
        const first = this.fail(error);
        for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(first);
        break;
      }
      for (const { resolve } of group) resolve();
    }
    this.#working = undefined;
  }
}
