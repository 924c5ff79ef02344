/** How long to wait before the next try, by how many there were; `undefined`: there is no next. */
export type Backoff = (tries: number, random: number) => number | undefined;

/**
 * Full jitter: anything from nothing to a bound that doubles with each try up to `cap`. A crowd of clients that failed at
 * the same moment then comes back spread over the whole wait, not in waves.
 */
export function fullJitter(options: { readonly base: number; readonly cap: number; readonly tries: number }): Backoff {
  const { base, cap, tries: most } = options;
  return (tries, random) => (tries >= most ? undefined : random * Math.min(cap, base * 2 ** (tries - 1)));
}
