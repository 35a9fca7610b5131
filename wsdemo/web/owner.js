/* Who sends the messages of an earlier page? A duplicated tab has a copy of `sessionStorage`, and in it the messages of
   a page that is still there, and sends them itself.

     a page holds its device   ──► with Web Locks: a lock · without (plain http: elsewhere): it answers when it is asked
     another page begins       ──► of the devices in its storage, are some still held? Their messages are not its own
     a page leaves             ──► it says so in its storage: its next page need not look, the lock may be held still

   Who is wrong here loses nothing: two that send the same messages have the same numbers for them (outbox.js). */

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

  /** Those of the devices that another page holds. */
  async held(devices) {
    const held = await Promise.all(devices.map((device) => this.#isHeld(`${this.#name}.${device}`)));
    return devices.filter((_, at) => held[at]);
  }

  async #isHeld(lock) {
    if (this.#locks) return (await this.#locks.query()).held.some(({ name }) => name === lock);
    const radio = new BroadcastChannel(lock);
    return new Promise((done) => {
      radio.onmessage = ({ data }) => data === "mine" && done(true);
      radio.postMessage("whose?");
      setTimeout(done, ANSWER, false); // it is gone, or frozen
    }).finally(() => radio.close());
  }

  /** From now on this page has this device, and no other one. */
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
