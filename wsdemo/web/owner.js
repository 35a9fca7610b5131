/* Whose device is it? A duplicated tab has a copy of `sessionStorage`, and the device of the tab that it is a copy of.

     who leaves a page says so in its storage ──► its next page finds the mark: the device is its own
     no mark: with Web Locks                  ──► the lock is free, or another tab has it
              without (plain http: elsewhere) ──► the other tabs are asked; no answer: unknown */

const ANSWER = 500; // milliseconds

export class Owner {
  #storage; #name; #locks; #release = () => {};

  constructor(storage, name, locks) {
    [this.#storage, this.#name, this.#locks] = [storage, name, locks];
  }

  get #mark() { return `${this.#name}.left`; }

  /** Whether the page before this one has said that it leaves. */
  arrive() {
    const left = this.#storage.getItem(this.#mark) !== null;
    this.#storage.removeItem(this.#mark);
    return left;
  }

  leave() {
    this.#storage.setItem(this.#mark, "");
    this.#release();
  }

  /** "this tab", "another tab" or "unknown". */
  find(device) {
    const lock = `${this.#name}.${device}`;
    if (this.#locks) return this.#locks.request(lock, { ifAvailable: true },
      (free) => (free ? "this tab" : "another tab"));
    const radio = new BroadcastChannel(lock);
    return new Promise((done) => {
      radio.onmessage = ({ data }) => data === "mine" && done("another tab");
      radio.postMessage("whose?");
      setTimeout(done, ANSWER, "unknown"); // none, or a tab that is frozen
    }).finally(() => radio.close());
  }

  /** From now on this tab has this device, and no other one. */
  hold(device) {
    const lock = `${this.#name}.${device}`;
    this.#release();
    if (this.#locks) {
      const stop = new AbortController();
      const held = new Promise((free) => { this.#release = () => { stop.abort(); free(); }; });
      this.#locks.request(lock, { signal: stop.signal }, () => held).catch(() => {});
    } else {
      const radio = new BroadcastChannel(lock);
      radio.onmessage = ({ data }) => data === "whose?" && radio.postMessage("mine");
      this.#release = () => radio.close();
    }
  }
}
