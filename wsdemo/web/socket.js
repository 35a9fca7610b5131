/* A WebSocket that comes back by itself and loses nothing, by the protocol wsdemo.chat.v1.

     publish ──► outbox ──► Flight ──► WebSocket        numbered n, and sent again until `confirm`
     draw(message) ◄── place ◄── WebSocket              from the offset where it stopped

     const socket = new ChatSocket("ws://…/chat", (message) => { … });
     socket.addEventListener("state", (event) => { … event.detail … });
     socket.join("#lobby");
     socket.publish("#lobby", { text: "hello" });

   What is kept is in `sessionStorage`: a tab that is loaded again goes on where it was. A duplicated tab gets a copy
   of it, and becomes a new device with an empty outbox. Wherever a message may have been lost or doubled, an event
   says so. The parts, each of which can be read alone: outbox.js, flight.js (numbers on their way), reading.js (places),
   owner.js (one tab, one device), backoff.js (waits), messages.js (texts). The same in Python: device.py, window.py, reading.py and
   backoff.py in wsdemo/patterns.

   Events, by name and `detail`: `state` {name, code, reason, in} · `outbox` {stored} · `welcome`, `confirm`,
   `volatile`, `presence`, `expiring`, `gap`, `error` as they came · `joined` {channel, members, …} · `refused` {request, …}
   · `dropped` {message, …} · `doubled` {count, reason} · `incomplete` {channel} · `parked` {message, error}
   · `wire` {what, at, data, …}: what the browser tells of the WebSocket itself. */

import { comesBack, LONGEST, Waits } from "./backoff.js";
import { Flight } from "./flight.js";
import { bytes, checkChannel, encode, published, volatile } from "./messages.js";
import { Outbox } from "./outbox.js";
import { Owner } from "./owner.js";
import { Reading } from "./reading.js";

export const PROTOCOL = "wsdemo.chat.v1";
const VERSION = 1;
const WINDOW = 64, BUFFERED = 1024 * 1024; // messages on their way; bytes, before a volatile message is not sent
const SIZE = 64 * 1024; // of a message: bytes, until the server has said its own bound
const SECOND = 1000, RETRY = SECOND, GRACE = SECOND, SILENCE = 60 * SECOND;
const TEMPORARY = ["busy", "too_many", "failed"];

export class ChatSocket extends EventTarget {
  state = { name: "new" }; // then connecting, open, away, ended
  user = null; // known with `welcome`
  size = SIZE;
  #url; #session; #silence; #waits; #outbox; #reading; #owner;
  #channels = new Map(); // joined ones, and the options of their join
  #turn = 0; // each attempt to connect is a turn: what belongs to an earlier one is passed over
  #ws = null; #flight = null; #asked = new Map(); #joining = new Map(); #ids = 0; #last = 0; // of this turn
  #bye = {}; #heard = 0; #useful = false;

  /** `draw(message)`: the effect of a message; when it returns, the offset is stored.
   *  `name`: of what is stored: one for each user. `session()`: called before each connection; resolves to a
   *  token or null, or rejects with an error whose `code` is a close code (4401: not logged in). */
  constructor(url, draw, { name = "wsdemo", session = null, storage = sessionStorage,
    locks = navigator.locks, random = Math.random, silence = SILENCE } = {}) {
    super();
    [this.#url, this.#session, this.#silence] = [url, session, silence];
    this.#waits = new Waits(random);
    this.#outbox = new Outbox(storage, `${name}.device`, (stored) => this.#tell("outbox", { stored }));
    this.#reading = new Reading(storage, `${name}.places`, draw, (what, detail) => this.#tell(what, detail));
    this.#owner = new Owner(storage, name, locks);
    this.#listen(addEventListener);
    this.#begin();
  }

  // -- for the page ----------------------------------------------------------------------------------------

  get device() { return this.#outbox.device; }

  /** The messages without a confirmation: key, channel, body (JSON). */
  get waiting() { return structuredClone(this.#outbox.messages); }

  /** Keep a message, to be sent now or later; returns its key. Throws before anything is kept: TypeError or
   *  RangeError for what the server would refuse, or a full outbox; a DOMException for a full storage. */
  publish(channel, body) {
    const message = { channel, body: encode(body) };
    checkChannel(channel);
    const size = bytes(published(this.#outbox.top + 1, message));
    if (size > this.size) throw new RangeError(`message of ${size} bytes, at most ${this.size} accepted`);
    const key = this.#outbox.add(message, size);
    this.#pump();
    return key;
  }

  /** Send a message that may get lost; false: not now, and not later. Throws as `publish` does. */
  volatile(channel, body, key) {
    const text = volatile(channel, body, key);
    if (bytes(text) > this.size) throw new RangeError(`more than ${this.size} bytes`);
    return this.#flight !== null && this.#ws.bufferedAmount < BUFFERED && this.#send(text);
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
  close() {
    this.#listen(removeEventListener);
    this.#leavePage();
    this.#is("ended", { code: 1000, reason: "closed by this page" });
  }

  // -- one tab, one device ---------------------------------------------------------------------------------

  async #begin() {
    const turn = ++this.#turn, left = this.#owner.arrive(), key = this.#outbox.load();
    const owner = key === null || left ? "this tab" : await this.#owner.find(this.device);
    if (turn !== this.#turn) return;
    if (owner === "another tab") this.#outbox.renew(key); // it has the messages up to there too
    if (owner === "unknown") this.#renew("this tab may be a copy of another one");
    this.#owner.hold(this.device);
    this.#connect();
  }

  /** A new device with the old messages, which the server may have stored already. */
  #renew(reason) {
    const { messages } = this.#outbox;
    if (messages.length) this.#tell("doubled", { count: messages.length, reason });
    this.#outbox.renew();
    this.#owner.hold(this.device);
  }

  // -- connections -----------------------------------------------------------------------------------------

  async #connect() {
    const turn = ++this.#turn, wire = (what, more) => this.#wire(turn, what, more);
    [this.#bye, this.#heard, this.#useful] = [{}, performance.now(), false];
    this.#is("connecting");
    this.#watch();
    let token = null;
    try {
      token = (await this.#session?.()) ?? null;
    } catch (error) {
      if (turn === this.#turn) this.#over(error.code >= 1000 ? error.code : 1006, error.message, true);
    }
    if (turn !== this.#turn) return;
    const ws = this.#ws = new WebSocket(this.#url, PROTOCOL);
    wire("new WebSocket");
    ws.onopen = () => {
      wire("open", { protocol: ws.protocol, extensions: ws.extensions });
      this.#last = this.#outbox.top;
      this.#send(JSON.stringify({ type: "hello", v: VERSION, device: this.device, ...(token && { token }) }));
    };
    ws.onmessage = ({ data }) => wire("message", { data }) && this.#received(data);
    ws.onerror = () => wire("error");
    ws.onclose = ({ code, reason, wasClean }) =>
      wire("close", { code, reason, wasClean }) && this.#over(code, reason);
  }

  /** The end of a turn, and the next one, unless this was the end. */
  #over(code, reason, asked = false) {
    const bye = this.#bye;
    this.#hangUp();
    if ((code === 1005 || code === 1006) && bye.code) [code, reason] = [bye.code, bye.reason];
    const noToken = code === 4401 && (asked || !this.#session); // a new one was asked for in vain, or can't be
    if (noToken || !comesBack(code)) return this.#is("ended", { code, reason });
    if (code === 4409) this.#renew(reason); // the same device came again, and the newer one stays
    if (this.#useful) this.#waits.reset();
    const wait = this.#waits.before(code, bye.after);
    this.#is("away", { code, reason, in: wait / SECOND });
    this.#later(wait, () => this.#connect());
  }

  #hangUp() {
    this.#turn++;
    this.#ws?.close();
    this.#ws = this.#flight = null;
    this.#asked.clear();
    this.#joining.clear();
  }

  /** Nothing for a minute although the server pings: dead. What came while a page was frozen is read first. */
  #watch(grace = false) {
    const left = this.#silence - (performance.now() - this.#heard);
    if (left > 0) this.#later(left, () => this.#watch());
    else if (!grace) this.#later(GRACE, () => this.#watch(true));
    else this.#over(1006, `nothing heard for ${this.#silence / SECOND} seconds`);
  }

  /** Call it unless this turn has ended until then. */
  #later(wait, callback) {
    const turn = this.#turn;
    setTimeout(() => turn === this.#turn && callback(), wait);
  }

  #listen(how) {
    for (const name of ["online", "pageshow", "visibilitychange"]) how.call(window, name, this.#wake);
    how.call(window, "pagehide", this.#leavePage);
  }

  /** The network, the reader or the page is back: do not wait any longer. */
  #wake = ({ type, persisted }) => {
    if (type === "pageshow" && persisted) this.#begin();
    const now = type === "online" || document.visibilityState === "visible";
    if (now && type !== "pageshow" && this.state.name === "away" && !this.#waits.fixed) this.#connect();
  };

  /** A page in the back-forward cache may have no connection and no lock; it begins anew if it comes back. */
  #leavePage = () => {
    this.#owner.leave();
    this.#hangUp();
  };

  // -- texts out -------------------------------------------------------------------------------------------

  /** A closed WebSocket takes a text and says nothing: look before. */
  #send(text) {
    if (this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(text);
    return this.#wire(this.#turn, "send", { data: text });
  }

  #pump() {
    for (let n; this.#flight && (n = this.#flight.take(this.#outbox.top, performance.now())) !== null; ) {
      const text = this.#outbox.text(n);
      const reason = `at most ${this.size} bytes accepted`;
      if (bytes(text) > this.size) this.#drop({ n, code: "too_large", reason });
      else this.#send(text);
    }
    const left = this.#flight ? this.#flight.until - performance.now() : 0;
    if (left > 0) this.#later(left + 1, () => this.#pump());
  }

  #ask(request) {
    const id = ++this.#ids, { channel } = request;
    if (request.type === "join") {
      const { after, presence } = this.#channels.get(channel) ?? {};
      Object.assign(request, presence && { presence }, this.#reading.from(channel, after));
      this.#joining.set(channel, id);
    }
    this.#asked.set(id, request);
    this.#send(JSON.stringify({ ...request, id }));
  }

  // -- texts in --------------------------------------------------------------------------------------------

  #received(data) {
    this.#heard = performance.now();
    try {
      this.#receive(JSON.parse(data));
    } catch (error) { // the server breaks the protocol, or the storage can't be written
      this.#over(1011, `${error.name}: ${error.message}`);
    }
  }

  #receive(message) {
    const { type, channel } = message;
    this.#useful ||= ["confirm", "message", "ping"].includes(type);
    if (type === "bye") this.#bye = message;
    else if (type === "ping") this.#send('{"type":"pong"}');
    else if (type === "welcome") this.#welcome(message);
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
    const { v, next, limits } = welcome, first = this.#outbox.confirmed + 1;
    if (v !== VERSION) return this.#over(4426, `the server speaks version ${v}, expected ${VERSION}`);
    if (next < first || next > this.#last + 1)
      return this.#over(4409, `the server expects ${next}, not ${first}`);
    this.#outbox.forget(next - 1);
    this.size = limits.size ?? SIZE;
    this.user = welcome.user;
    this.#flight = new Flight(next, Math.min(WINDOW, limits.window ?? WINDOW));
    this.#is("open");
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
    if (n === undefined) this.#refused(this.#asked.get(id), error, temporary && wait);
    else if (!temporary && code !== "out_of_order") this.#drop(error);
    else if (temporary) this.#flight.refused(n, now, wait);
    else this.#flight.outOfOrder(n, expect, now, wait);
    this.#asked.delete(id);
    this.#pump();
  }

  #refused(request, error, wait) {
    if (!request) this.#tell("error", error);
    else if (wait) this.#later(wait, () => this.#again(request));
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

  // -- events ----------------------------------------------------------------------------------------------

  #tell(name, detail = {}) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  #is(name, more = {}) {
    this.state = { name, ...more };
    this.#tell("state", this.state);
  }

  /** What the browser tells of a WebSocket; false: of one that is given up. */
  #wire(turn, what, more = {}) {
    const now = performance.timeOrigin + performance.now(), current = turn === this.#turn;
    if (current) this.#tell("wire", { what, at: now, ...more });
    return current;
  }
}
