/**
 * Throws on its own what a callback of somebody else's has thrown, where that must stop nothing here: the process hears
 * of it as of any mistake that nobody catches.
 */
export function throwApart(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown;
  });
}
