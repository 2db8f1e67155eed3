import type { Refusal } from '../../src/refusal.js';

/** Nothing more of a product, or of the account, is sent; `cause` says why. */
export class Closed extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause: unknown) {
    super('closed', { cause });
    this.refusal = refusal;
  }
}

/** Credits that are used up, or an account that is refused, are so for all who come after. */
export class Closures {
  readonly #ofProducts = new Map<string, Closed>();
  #ofAll: Closed | undefined = undefined;

  /** True: whoever is sent next is refused, whatever the product. */
  get isAllClosed(): boolean {
    return this.#ofAll !== undefined;
  }

  /** The server has refused something of that product. */
  heard(product: string, refusal: Refusal, error: unknown): void {
    if (refusal.meaning === 'account') this.#ofAll = new Closed(refusal, error);
    if (refusal.meaning === 'exhausted') this.#ofProducts.set(product, new Closed(refusal, error));
  }

  /** @throws Closed */
  check(product: string): void {
    const closed = this.#ofAll ?? this.#ofProducts.get(product);
    if (closed !== undefined) throw closed;
  }
}
