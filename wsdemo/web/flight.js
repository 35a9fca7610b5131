/* Sending numbered messages in order, again where they did not arrive: go-back-N, as in window.py.

     confirmed │ 5 6 7 8 │ 9 10 …          at most `size` numbers are on their way
               first     next              error at 6: back to 6, which goes alone until it is confirmed

   After an error the answers to the numbers behind it are still to come, and belong to a flight that is over.
   Pure: numbers and times in, numbers out; it never sees a message. */

/** The numbers on their way over one connection. */
export class Flight {
  #size; #sent; #alone = null;
  until = 0; // the time before which nothing is sent

  constructor(first, size) {
    this.first = this.next = first; // the oldest one without a confirmation, and the one to send next
    this.#size = size;
    this.#sent = first - 1; // the highest one sent, of the messages as they are numbered now
  }

  /** The number to send now, which counts as sent, or null. `top`: the newest message's. */
  take(top, now) {
    const alone = this.#alone !== null && this.next > this.#alone;
    if (alone || this.next > top || this.next >= this.first + this.#size || now < this.until) return null;
    this.#sent = Math.max(this.#sent, this.next);
    return this.next++;
  }

  confirmed(n) {
    if (n > this.#sent) throw new RangeError(`confirm ${n}, but only numbers up to ${this.#sent} were sent`);
    this.first = Math.max(this.first, n + 1);
    this.next = Math.max(this.next, this.first);
    if (this.#alone !== null && n >= this.#alone) this.#alone = null;
  }

  /** Whether an answer to `n` is one to this flight; else to one that is over. */
  expects(n) {
    return n === this.#alone ? this.next > n : this.first <= n && n <= (this.#alone ?? this.#sent);
  }

  /** Go back to `n`, after `wait` milliseconds; false: not expected. */
  refused(n, now, wait = 0) {
    if (!this.expects(n)) return false;
    this.next = this.#alone = n;
    this.until = now + wait;
    return true;
  }

  /** `n` is gone, and those behind it stand for other messages now. */
  dropped(n, now) {
    if (!this.refused(n, now)) return false;
    this.#sent = n - 1;
    return true;
  }

  /** The server wants `expect` before `n`. */
  outOfOrder(n, expect, now, wait = 0) {
    if (!this.expects(n)) return false;
    if (!(expect >= this.first && expect < n)) throw new RangeError(`${n} is out of order, ${expect} expected`);
    return this.refused(expect, now, wait);
  }
}
