/* A WebSocket that comes back by itself and loses nothing, by the protocol wsdemo.chat.v1.

     publish ──► outbox ──► Flight ──► WebSocket        numbered n, and sent again until `confirm`
     draw(message) ◄── place ◄── WebSocket              from the offset where it stopped

     const socket = new ChatSocket("ws://…/chat", (message) => { … });
     socket.addEventListener("state", (event) => { … event.detail … });
     socket.join("#lobby");
     socket.publish("#lobby", { text: "hello" });

   What is kept is in `sessionStorage`: a tab that is loaded again goes on where it was, and sends what is left first. A
   duplicated tab gets a copy of it, and begins with an empty outbox. Wherever a message may have been lost or doubled,
   an event says so. This file is the client's half of the protocol, in Python wsdemo/patterns/device.py. Its parts can
   be read alone: link.js (one connection after the other), outbox.js, flight.js (numbers on their way), reading.js
   (places), owner.js (copies of a tab), backoff.js (waits), messages.js (texts).

   Events, by name and `detail`: `state` {name, code, reason, in} · `outbox` {stored} · `welcome`, `confirm`,
   `volatile`, `presence`, `expiring`, `gap`, `error` as they came · `joined` {channel, members, …} · `refused` {request, …}
   · `dropped` {message, …} · `doubled` {count, reason} · `incomplete` {channel} · `parked` {message, error}
   · `wire` {what, at, data, …}: what the browser tells of the WebSocket itself. */

import { LONGEST } from "./backoff.js";
import { Flight } from "./flight.js";
import { ConnectionClosed, Link, SECOND } from "./link.js";
import { bytes, checkChannel, encode, published, VERSION, volatile } from "./messages.js";
import { Outbox } from "./outbox.js";
import { Owner } from "./owner.js";
import { Reading } from "./reading.js";

const WINDOW = 64, BUFFERED = 1024 * 1024; // messages on their way; bytes, before a volatile message is not sent
const SIZE = 64 * 1024; // of a message: bytes, until the server has said its own bound
const RETRY = SECOND, SILENCE = 60 * SECOND;
const TEMPORARY = ["busy", "too_many", "failed"];

export class ChatSocket extends EventTarget {
  user = null; // known with `welcome`
  size = SIZE;
  #outbox; #reading; #link;
  #channels = new Map(); // joined ones, and the options of their join
  #ids = 0; #last = 0; // of requests; the highest number that can have been sent
  #flight = null; #asked = new Map(); #joining = new Map(); // of this connection, from its welcome to its end

  /** `draw(message)`: the effect of a message; when it returns, the offset is stored.
   *  `name`: of what is stored: one for each user. `session()`: called before each connection; resolves to a
   *  token or null, or rejects with an error whose `code` is a close code (4401: not logged in). */
  constructor(url, draw, { name = "wsdemo", session = null, storage = sessionStorage,
    locks = navigator.locks, random = Math.random, silence = SILENCE } = {}) {
    super();
    const tell = (event, detail) => this.#tell(event, detail);
    const client = { begin: (token) => this.#begin(token), receive: (message) => this.#receive(message),
      end: () => this.#end(), tell };
    this.#outbox = new Outbox(storage, `${name}.outbox`, (stored) => tell("outbox", { stored }));
    this.#reading = new Reading(storage, `${name}.places`, draw, tell);
    const owner = new Owner(storage, name, locks);
    this.#link = new Link(url, this.#outbox, owner, client, { session, random, silence });
  }

  // -- for the page ----------------------------------------------------------------------------------------

  /** {name: "new", "connecting", "open", "away" or "ended", code, reason, in}: the last two say why. */
  get state() { return this.#link.state; }

  get device() { return this.#outbox.device; }

  /** The messages without a confirmation: key, channel, body (JSON). */
  get waiting() { return structuredClone(this.#outbox.messages); }

  /** Keep a message, to be sent now or later; returns its key. Throws before anything is kept: TypeError or
   *  RangeError for what the server would refuse, or a full outbox; a DOMException for a full storage. */
  publish(channel, body) {
    const message = { channel, body: encode(body) };
    checkChannel(channel);
    const size = bytes(published(this.#outbox.next, message));
    if (size > this.size) throw new RangeError(`message of ${size} bytes, at most ${this.size} accepted`);
    const key = this.#outbox.add(message, size);
    this.#pump();
    return key;
  }

  /** Send a message that may get lost; false: not now, and not later. Throws as `publish` does. */
  volatile(channel, body, key) {
    const text = volatile(channel, body, key);
    if (bytes(text) > this.size) throw new RangeError(`more than ${this.size} bytes`);
    return this.#flight !== null && this.#link.bufferedAmount < BUFFERED && this.#link.send(text);
  }

  /** Read a channel from where this tab has stopped; a new one from the offset `after`, with its `latest`
   *  messages, or from now on. `presence`: be told who comes and leaves. */
  join(channel, { after, latest = 0, presence = false } = {}) {
    this.#channels.set(channel, { after, latest, presence });
    if (this.#flight) this.#ask({ type: "join", channel });
  }

  /** Read it no longer. Its offset is kept. */
  leave(channel) {
    if (this.#channels.delete(channel) && this.#flight) this.#ask({ type: "leave", channel });
    this.#joining.delete(channel);
  }

  /** End for good: messages without a confirmation stay in the outbox. */
  close() { this.#link.close(); }

  // -- a connection ----------------------------------------------------------------------------------------

  /** The hello of a new one. */
  #begin(token) {
    this.#last = this.#outbox.top;
    return JSON.stringify({ type: "hello", v: VERSION, device: this.device, ...(token && { token }) });
  }

  /** It is over: its requests will have no answer. */
  #end() {
    this.#flight = null;
    this.#asked.clear();
    this.#joining.clear();
  }

  // -- texts out -------------------------------------------------------------------------------------------

  #pump() {
    for (let n; this.#flight && (n = this.#flight.take(this.#outbox.top, performance.now())) !== null; ) {
      const text = this.#outbox.text(n);
      const reason = `at most ${this.size} bytes accepted`;
      if (bytes(text) > this.size) this.#drop({ n, code: "too_large", reason });
      else this.#link.send(text);
    }
    if (this.#outbox.finished) return this.#link.next();
    const left = this.#flight ? this.#flight.until - performance.now() : 0;
    if (left > 0) this.#link.later(left + 1, () => this.#pump());
  }

  #ask(request) {
    const id = ++this.#ids, { channel } = request;
    if (request.type === "join") {
      const { after, presence } = this.#channels.get(channel) ?? {};
      Object.assign(request, presence && { presence }, this.#reading.from(channel, after));
      this.#joining.set(channel, id);
    }
    this.#asked.set(id, request);
    this.#link.send(JSON.stringify({ ...request, id }));
  }

  // -- texts in --------------------------------------------------------------------------------------------

  #receive(message) {
    const { type, channel } = message;
    if (type === "welcome") this.#welcome(message);
    else if (!this.#flight) throw new TypeError(`${type} before welcome`);
    else if (type === "confirm") this.#confirm(message);
    else if (type === "error") this.#error(message);
    else if (type === "ok") this.#ok(message);
    // Else it was on its way when the channel was left, and is no part of the next reading.
    else if (type === "message") this.#joining.get(channel) === 0 && this.#reading.message(message);
    else if (type === "gap") this.#joining.get(channel) === 0 && this.#reading.gap(message);
    else this.#tell(type, message);
  }

  #welcome(welcome) {
    const { v, next, limits } = welcome, { device, own, confirmed } = this.#outbox;
    if (v !== VERSION) throw new ConnectionClosed(4426, `the server speaks version ${v}, expected ${VERSION}`);
    // Below: the server has forgotten this device. Above: another one has it too; of an earlier device its own page
    // may have sent more than what is here.
    if (next <= confirmed || (device === own && next > this.#last + 1))
      throw new ConnectionClosed(4409, `the server expects ${next}, not ${confirmed + 1}`);
    this.#outbox.forget(next - 1);
    if (this.#outbox.finished) return this.#link.next();
    this.size = limits.size ?? SIZE;
    this.user = welcome.user;
    this.#flight = new Flight(next, Math.min(WINDOW, limits.window ?? WINDOW));
    this.#link.welcome();
    this.#tell("welcome", welcome);
    for (const channel of this.#channels.keys()) this.#ask({ type: "join", channel });
    this.#pump();
  }

  #confirm(confirm) {
    this.#flight.confirmed(confirm.n);
    this.#outbox.forget(confirm.n);
    this.#tell("confirm", confirm);
    this.#pump();
  }

  #error(error) {
    const { n, id, code, retry, expect } = error, now = performance.now();
    const temporary = TEMPORARY.includes(code) || retry !== undefined;
    const wait = temporary ? Math.min((retry ?? RETRY / SECOND) * SECOND, LONGEST) : RETRY;
    if (n === undefined) this.#refused(this.#asked.get(id), error, temporary ? wait : null);
    else if (!temporary && code !== "out_of_order") this.#drop(error);
    else if (temporary) this.#flight.refused(n, now, wait);
    else this.#flight.outOfOrder(n, expect, now, wait);
    this.#asked.delete(id);
    this.#pump();
  }

  #refused(request, error, wait) {
    if (!request) this.#tell("error", error);
    else if (wait !== null) this.#link.later(wait, () => this.#again(request));
    else {
      if (request.type === "join") this.#channels.delete(request.channel);
      this.#tell("refused", { ...error, request });
    }
  }

  #again(request) {
    if (this.#channels.has(request.channel) === (request.type === "join")) this.#ask(request);
  }

  /** The server will never take a message: it is told and leaves, and those behind it move up. */
  #drop(error) {
    const message = this.#outbox.at(error.n);
    if (!message || !this.#flight.dropped(error.n, performance.now())) return;
    this.#outbox.drop(error.n);
    this.#tell("dropped", { ...error, message });
  }

  #ok(ok) {
    const request = this.#asked.get(ok.id);
    this.#asked.delete(ok.id);
    if (request?.type !== "join" || this.#joining.get(request.channel) !== ok.id) return;
    const { channel } = request, { latest = 0 } = this.#channels.get(channel) ?? {};
    this.#joining.set(channel, 0);
    if (this.#reading.joined(request, ok, latest)) this.#ask({ type: "join", channel });
  }

  #tell(name, detail = {}) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
