/* Whether to come back after a close code, and when; as in backoff.py.

     attempt    1          2          3          4 …
     at most    0.5 s      1 s        2 s        4 s …  10 s       the wait: anything from 0 to that (full jitter)

   A server that knows better says when. No clock; chance is an argument. */

export const LONGEST = 3600_000; // milliseconds, whatever a server says
const SOON = { base: 500, cap: 10_000 }, SLOWLY = { base: 10_000, cap: 60_000 };
const NEVER = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4403, 4413, 4426];
const YES = [1001, 1005, 1006, 1012, 4401, 4408, 4409]; // after all others slowly

export const comesBack = (code) => !NEVER.includes(code);

export class Waits {
  #random; #bounds;
  fixed = false; // the last wait is not to be cut short

  constructor(random) {
    this.#random = random;
    this.reset();
  }

  /** The connection was of use: begin again with short waits. */
  reset() { this.#bounds = new Map([[SOON, SOON.base], [SLOWLY, SLOWLY.base]]); }

  /** Milliseconds; `after`: the server's word, in seconds. */
  before(code, after) {
    const kind = YES.includes(code) ? SOON : SLOWLY, bound = this.#bounds.get(kind);
    this.fixed = after !== undefined || kind === SLOWLY;
    if (after !== undefined) return Math.min(Math.max(after * 1000, 0), LONGEST);
    this.#bounds.set(kind, Math.min(2 * bound, kind.cap));
    return this.#random() * bound;
  }
}
