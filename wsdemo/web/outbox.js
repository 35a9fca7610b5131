/* The messages of a tab without a confirmation, and the device that numbers them; as in outbox.py.

     {id, confirmed: 7, key: 12, messages: [{key: 11, …}, {key: 12, …}]}     their numbers are 8 and 9

   Kept in a storage such as `sessionStorage`. The device lives and dies with its messages: without them, or with
   the same ones in another tab, it would give an old number to a new message, which the server would take for
   stored. A key is for the page, and stays where the number changes. Knows nothing of connections. */

import { bytes, published } from "./messages.js";

const MESSAGES = 64, BYTES = 1024 * 1024;

export class Outbox {
  #storage; #name; #told;
  #device; // as it is stored

  /** `told(stored)`: called after each change, with the messages that the server has stored. */
  constructor(storage, name, told) {
    [this.#storage, this.#name, this.#told] = [storage, name, told];
    this.#device = this.#stored() ?? newDevice(0, []);
  }

  get device() { return this.#device.id; }

  get messages() { return this.#device.messages; }

  /** The number up to which all are confirmed, and that of the newest message. */
  get confirmed() { return this.#device.confirmed; }

  get top() { return this.confirmed + this.messages.length; }

  at(n) { return this.messages[n - this.confirmed - 1]; }

  text(n) { return published(n, this.at(n)); }

  /** Keep a message, `size` bytes as it is sent; returns its key. Throws RangeError where it is full, a
   *  DOMException where the storage is. */
  add(message, size) {
    const { messages } = this, key = this.#device.key + 1;
    if (messages.length >= MESSAGES || bytes(JSON.stringify(messages)) + size > BYTES)
      throw new RangeError(`the outbox is full: ${messages.length} messages wait for the server`);
    this.#keep({ ...this.#device, key, messages: [...messages, { key, ...message }] });
    return key;
  }

  /** All up to `n` are stored. */
  forget(n) {
    const stored = this.messages.slice(0, n - this.confirmed), messages = this.messages.slice(stored.length);
    if (n > this.confirmed) this.#keep({ ...this.#device, confirmed: n, messages }, stored);
  }

  /** `n` leaves, and those behind it move up. */
  drop(n) {
    this.#keep({ ...this.#device, messages: this.messages.filter((message) => message !== this.at(n)) });
  }

  /** A new device, with the messages behind a key. */
  renew(key = 0) {
    this.#keep(newDevice(this.#device.key, this.messages.filter((message) => message.key > key)));
  }

  /** As it is in the storage; returns the key of the newest message there, null where there is nothing. */
  load() {
    const stored = this.#stored();
    this.#device = stored ?? this.#device;
    return stored && stored.key;
  }

  #stored() { return JSON.parse(this.#storage.getItem(this.#name)); }

  #keep(device, stored = []) {
    this.#storage.setItem(this.#name, JSON.stringify(device));
    this.#device = device;
    this.#told(stored);
  }
}

const newDevice = (key, messages) =>
  ({ id: crypto.getRandomValues(new Uint32Array(4)).join("-"), confirmed: 0, key, messages });
