/* The messages of a tab without a confirmation, and the devices that number them; as in outbox.py.

     {key: 13, devices: [{id: "a", confirmed: 7, messages: [{key: 11, …}, {key: 12, …}]},   8 and 9, of an earlier page
                         {id: "b", confirmed: 0, messages: [{key: 13, …}]}]}                1, of this page

   Kept in a storage such as `sessionStorage`. That is copied with its tab, and a browser that is started again may have
   an old state of it. Of two copies each would number its own messages by the same device, and the server would take
   those of one for those of the other. So each page is a device of its own, and sends by the devices of earlier pages
   only what these have left. A device and a number then stand for one message in every copy: whichever copy sends it,
   it is stored once. One limit remains: where one copy hears that a message of them all is refused for ever, those
   behind it may be stored once for each copy.

   A key is for the page, and stays where the number changes. Knows nothing of connections. */

import { bytes, published } from "./messages.js";

const MESSAGES = 64, BYTES = 1024 * 1024;

export class Outbox {
  #storage; #name; #told;
  #key; #devices; // as they are stored: the first one sends, the last one is this page's

  /** `told(stored)`: called after each change, with the messages that the server has stored. Call `open` first. */
  constructor(storage, name, told) { [this.#storage, this.#name, this.#told] = [storage, name, told]; }

  /** A page begins, as a new device; returns the earlier ones that have left messages. */
  open() {
    const { key, devices } = JSON.parse(this.#storage.getItem(this.#name)) ?? { key: 0, devices: [] };
    const earlier = devices.filter(({ messages }) => messages.length);
    [this.#key, this.#devices] = [key, [...earlier, newDevice()]];
    return earlier.map(({ id }) => id);
  }

  /** The device that sends now, and the one of this page. */
  get device() { return this.#devices[0].id; }

  get own() { return this.#devices.at(-1).id; }

  get messages() { return this.#devices.flatMap(({ messages }) => messages); }

  /** Of the device that sends: the number up to which all are confirmed, and that of its newest message. */
  get confirmed() { return this.#devices[0].confirmed; }

  get top() { return top(this.#devices[0]); }

  /** The number of the next message that is added. */
  get next() { return top(this.#devices.at(-1)) + 1; }

  /** Whether all messages of an earlier device are confirmed: after `renew` the next one sends. */
  get finished() { return this.device !== this.own && this.top === this.confirmed; }

  at(n) { return this.#devices[0].messages[n - this.confirmed - 1]; }

  text(n) { return published(n, this.at(n)); }

  /** Keep a message, `size` bytes as it is sent; returns its key. Throws RangeError where it is full, a
   *  DOMException where the storage is. */
  add(message, size) {
    const { messages } = this, key = this.#key + 1, own = this.#devices.at(-1);
    if (messages.length >= MESSAGES || bytes(JSON.stringify(messages)) + size > BYTES)
      throw new RangeError(`the outbox is full: ${messages.length} messages wait for the server`);
    this.#keep([...this.#devices.slice(0, -1), { ...own, messages: [...own.messages, { key, ...message }] }], [], key);
    return key;
  }

  /** All up to `n` are stored. */
  forget(n) {
    const [first, ...rest] = this.#devices, count = n - first.confirmed;
    if (count <= 0) return;
    const messages = first.messages.slice(count);
    this.#keep([{ ...first, confirmed: n, messages }, ...rest], first.messages.slice(0, count));
  }

  /** `n` leaves, and those behind it move up. Those of an earlier device go to a new one: in a copy their numbers
   *  still stand as they were. */
  drop(n) {
    const [first, ...rest] = this.#devices, at = n - first.confirmed;
    const before = first.messages.slice(0, at - 1), behind = first.messages.slice(at);
    if (rest.length) this.#keep([{ ...first, messages: before }, newDevice(behind), ...rest]);
    else this.#keep([{ ...first, messages: [...before, ...behind] }]);
  }

  /** The device that sends is finished, and the next one sends; or it can't go on, and a new one has its messages. */
  renew() {
    const [first, ...rest] = this.#devices;
    this.#keep(this.finished ? rest : [newDevice(first.messages), ...rest]);
  }

  /** What these devices have left is not for this tab to send. */
  remove(devices) { this.#keep(this.#devices.filter(({ id }) => !devices.includes(id))); }

  #keep(devices, stored = [], key = this.#key) {
    this.#storage.setItem(this.#name, JSON.stringify({ key, devices }));
    [this.#key, this.#devices] = [key, devices];
    this.#told(stored);
  }
}

const top = ({ confirmed, messages }) => confirmed + messages.length;

const newDevice = (messages = []) =>
  ({ id: crypto.getRandomValues(new Uint32Array(4)).join("-"), confirmed: 0, messages });
