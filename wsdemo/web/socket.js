/* A WebSocket that comes back by itself and loses nothing, by the protocol wsdemo.chat.v1.

     publish ──► outbox ──► Flight ──► WebSocket        numbered n, and sent again until `confirm`
     draw(message) ◄── place ◄── WebSocket              from the offset where it stopped

     const socket = new ChatSocket("ws://…/chat", (message) => { … });
     socket.addEventListener("state", (event) => { … event.detail … });
     socket.join("#lobby");
     socket.publish("#lobby", { text: "hello" });

   Device, outbox and places are kept in `sessionStorage`: a tab that is loaded again goes on where it was. A
   duplicated tab gets a copy of it, and becomes a new device with an empty outbox. Wherever a message may have
   been lost or doubled, an event says so. The same in Python: device.py, window.py, reading.py and backoff.py
   in wsdemo/patterns.

   Events, by name and `detail`: `state` {name, code, reason, in} · `outbox` {stored} · `welcome`, `confirm`,
   `volatile`, `presence`, `expiring`, `gap`, `error` as they came · `joined` {channel, members, …} · `refused` {request, …}
   · `dropped` {message, …} · `doubled` {count, reason} · `incomplete` {channel} · `parked` {message, error}
   · `wire` {what, at, data, …}: what the browser tells of the WebSocket itself. */

import { Flight } from "./flight.js";

export const PROTOCOL = "wsdemo.chat.v1";
const VERSION = 1;
const MESSAGES = 64, BYTES = 1024 * 1024; // of the outbox
const SIZE = 64 * 1024, DEPTH = 32; // of a message: bytes, until the server has said its own bound; nesting
const SECOND = 1000, RETRY = SECOND, GRACE = SECOND, SILENCE = 60 * SECOND, LONGEST = 3600 * SECOND;
const SOON = { base: 0.5 * SECOND, cap: 10 * SECOND }, SLOWLY = { base: 10 * SECOND, cap: 60 * SECOND };
const TEMPORARY = ["busy", "too_many", "failed"];
// Come back after these close codes: never, soon; after all others slowly.
const NEVER = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4403, 4413, 4426];
const YES = [1001, 1005, 1006, 1012, 4401, 4408, 4409];

export class ChatSocket extends EventTarget {
  state = { name: "new" }; // then connecting, open, away, ended
  user = null; // known with `welcome`
  size = SIZE;
  #url; #draw; #name; #session; #storage; #locks; #random; #silence;
  #device; // id, confirmed (number), key (of the newest message), messages: what `#keep` stores
  #places = new Map(); // by channel: epoch, and the offset of the last message that was drawn
  #channels = new Map(); // joined ones, and the options of their join
  #turn = 0; // each attempt to connect is a turn: what belongs to an earlier one is passed over
  #ws = null; #flight = null; #asked = new Map(); #joining = new Map(); #ids = 0; #last = 0; // of this turn
  #bye = {}; #heard = 0; #useful = false;
  #obeys = false; // the wait is the server's wish, and is not cut short
  #bounds = {}; #closed = false; #release = () => {};

  /** `draw(message)`: the effect of a message; when it returns, the offset is stored.
   *  `name`: of what is stored: one for each user. `session()`: called before each connection; resolves to a
   *  token or null, or rejects with an error whose `code` is a close code (4401: not logged in). */
  constructor(url, draw, { name = "wsdemo", session = null, storage = sessionStorage,
    locks = navigator.locks, random = Math.random, silence = SILENCE } = {}) {
    super();
    [this.#url, this.#draw, this.#name, this.#session] = [url, draw, name, session];
    [this.#storage, this.#locks, this.#random, this.#silence] = [storage, locks, random, silence];
    this.#places = new Map(Object.entries(this.#read("places") ?? {}));
    this.#device = this.#read("device") ?? newDevice(0, []);
    this.#listen(addEventListener);
    this.#begin();
  }

  // -- for the page ----------------------------------------------------------------------------------------

  get device() { return this.#device.id; }

  /** The messages without a confirmation: key, channel, body (JSON). */
  get waiting() { return structuredClone(this.#device.messages); }

  /** Keep a message, to be sent now or later; returns its key. Throws before anything is kept: TypeError or
   *  RangeError for what the server would refuse, or a full outbox; a DOMException for a full storage. */
  publish(channel, body) {
    const { messages, key } = this.#device, message = { key: key + 1, channel, body: encode(body) };
    if (!/^[#@][a-z0-9_-]{1,32}$/.test(channel))
      throw new TypeError(`channel ${channel}, expected # or @ and 1 to 32 of a-z 0-9 _ -`);
    const size = bytes(published(this.#top + 1, message));
    if (size > this.size) throw new RangeError(`message of ${size} bytes, at most ${this.size} accepted`);
    if (messages.length >= MESSAGES || bytes(JSON.stringify(messages)) + size > BYTES)
      throw new RangeError(`the outbox is full: ${messages.length} messages wait for the server`);
    this.#keep({ ...this.#device, key: message.key, messages: [...messages, message] });
    this.#pump();
    return message.key;
  }

  /** Send a message that may get lost; false: not now, and not later. Throws as `publish` does. */
  volatile(channel, body, key) {
    const text = `{"type":"volatile","channel":${encode(channel)},"body":${encode(body)}`;
    const whole = key === undefined ? `${text}}` : `${text},"key":${encode(key)}}`;
    if (bytes(whole) > this.size) throw new RangeError(`more than ${this.size} bytes`);
    return this.#flight !== null && this.#ws.bufferedAmount < BYTES && this.#send(whole);
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
    this.#closed = true;
    this.#listen(removeEventListener);
    this.#leavePage();
    this.#is("ended", { code: 1000, reason: "closed by this page" });
  }

  // -- one tab, one device ---------------------------------------------------------------------------------

  /** Who leaves a page says so in its storage. A copy of the storage of a page that lives does not have it. */
  async #begin() {
    const turn = ++this.#turn, mark = `${this.#name}.left`, stored = this.#read("device");
    const left = this.#storage.getItem(mark) !== null;
    this.#storage.removeItem(mark);
    this.#device = stored ?? this.#device;
    const owner = stored && !left ? await this.#owner() : "this tab";
    if (turn !== this.#turn) return;
    if (owner === "another tab") // which has the messages too: keep those that were published here
      this.#keep(newDevice(this.#device.key, this.#device.messages.filter(({ key }) => key > stored.key)));
    if (owner === "unknown") this.#renew("this tab may be a copy of another one");
    this.#hold();
    this.#connect();
  }

  get #lock() { return `${this.#name}.${this.#device.id}`; }

  /** Whose device it is: by Web Locks, or, on plain http: where they are missing, by asking the other tabs. */
  #owner() {
    if (this.#locks) return this.#locks.request(this.#lock, { ifAvailable: true },
      (lock) => (lock ? "this tab" : "another tab"));
    const radio = new BroadcastChannel(this.#lock);
    return new Promise((done) => {
      radio.onmessage = ({ data }) => data === "mine" && done("another tab");
      radio.postMessage("whose?");
      setTimeout(done, SECOND / 2, "unknown"); // none, or a tab that is frozen
    }).finally(() => radio.close());
  }

  #hold() {
    this.#release();
    if (this.#locks) {
      const stop = new AbortController();
      const held = new Promise((free) => { this.#release = () => { stop.abort(); free(); }; });
      this.#locks.request(this.#lock, { signal: stop.signal }, () => held).catch(() => {});
    } else {
      const radio = new BroadcastChannel(this.#lock);
      radio.onmessage = ({ data }) => data === "whose?" && radio.postMessage("mine");
      this.#release = () => radio.close();
    }
  }

  /** A new device with the old messages, which the server may have stored already. */
  #renew(reason) {
    const { key, messages } = this.#device;
    if (messages.length) this.#tell("doubled", { count: messages.length, reason });
    this.#keep(newDevice(key, messages));
    this.#hold();
  }

  #read(what) { return JSON.parse(this.#storage.getItem(`${this.#name}.${what}`)); }

  #keep(device, stored = []) {
    this.#storage.setItem(`${this.#name}.device`, JSON.stringify(device));
    this.#device = device;
    this.#tell("outbox", { stored });
  }

  /** The number of the newest message: the oldest one has `confirmed + 1`. */
  get #top() { return this.#device.confirmed + this.#device.messages.length; }

  // -- connections -----------------------------------------------------------------------------------------

  async #connect() {
    const turn = ++this.#turn, wire = (what, more) => this.#wire(turn, what, more);
    [this.#bye, this.#heard, this.#useful, this.#obeys] = [{}, performance.now(), false, false];
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
      this.#last = this.#top;
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
    if (noToken || NEVER.includes(code)) {
      this.#closed = true;
      this.#is("ended", { code, reason });
      return;
    }
    if (code === 4409) this.#renew(reason); // the same device came again, and the newer one stays
    if (this.#useful) this.#bounds = {};
    const wait = this.#wait(code, bye.after);
    this.#is("away", { code, reason, in: wait / SECOND });
    this.#later(wait, () => this.#connect());
  }

  /** Milliseconds until the next attempt: the server's word, or full jitter up to a bound that doubles. */
  #wait(code, after) {
    const kind = YES.includes(code) ? SOON : SLOWLY;
    this.#obeys = after !== undefined || kind === SLOWLY;
    if (after !== undefined) return Math.min(Math.max(after * SECOND, 0), LONGEST);
    const bound = this.#bounds[kind.base] ?? kind.base;
    this.#bounds[kind.base] = Math.min(2 * bound, kind.cap);
    return this.#random() * bound;
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
    if (now && type !== "pageshow" && this.state.name === "away" && !this.#obeys) this.#connect();
  };

  /** A page in the back-forward cache may have no connection and no lock; it begins anew if it comes back. */
  #leavePage = () => {
    this.#storage.setItem(`${this.#name}.left`, "");
    this.#release();
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
    for (let n; this.#flight && (n = this.#flight.take(this.#top, performance.now())) !== null; ) {
      const text = published(n, this.#device.messages[n - this.#device.confirmed - 1]);
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
      const { after, presence } = this.#channels.get(channel) ?? {}, place = this.#places.get(channel);
      Object.assign(request, presence && { presence }, place ? { epoch: place.epoch } : {});
      request.after = place?.offset ?? after;
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
    else if (type === "message") this.#joining.get(channel) === 0 && this.#message(message);
    else if (type === "gap") this.#joining.get(channel) === 0 && this.#gap(message);
    else this.#tell(type, message);
  }

  #welcome(welcome) {
    const { v, next, limits } = welcome, first = this.#device.confirmed + 1;
    if (v !== VERSION) return this.#over(4426, `the server speaks version ${v}, expected ${VERSION}`);
    if (next < first || next > this.#last + 1)
      return this.#over(4409, `the server expects ${next}, not ${first}`);
    this.#forget(next - 1);
    this.size = limits.size ?? SIZE;
    this.user = welcome.user;
    this.#flight = new Flight(next, Math.min(MESSAGES, limits.window ?? MESSAGES));
    this.#is("open");
    this.#tell("welcome", welcome);
    for (const channel of this.#channels.keys()) this.#ask({ type: "join", channel });
    this.#pump();
  }

  #confirm(confirm) {
    this.#flight.confirmed(confirm.n);
    this.#forget(confirm.n);
    this.#tell("confirm", confirm);
    this.#pump();
  }

  #forget(n) {
    const { confirmed, messages } = this.#device, stored = messages.slice(0, n - confirmed);
    if (n > confirmed)
      this.#keep({ ...this.#device, confirmed: n, messages: messages.slice(n - confirmed) }, stored);
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
    const at = error.n - this.#device.confirmed - 1, { messages } = this.#device;
    if (!messages[at] || !this.#flight.dropped(error.n, performance.now())) return;
    this.#keep({ ...this.#device, messages: messages.toSpliced(at, 1) });
    this.#tell("dropped", { ...error, message: messages[at] });
  }

  #ok(ok) {
    const request = this.#asked.get(ok.id);
    this.#asked.delete(ok.id);
    if (request?.type !== "join" || this.#joining.get(request.channel) !== ok.id) return;
    const { channel, epoch } = request, known = this.#places.get(channel);
    const { latest = 0 } = this.#channels.get(channel) ?? {};
    const complete = ok.complete && (epoch ?? ok.epoch) === ok.epoch;
    this.#joining.set(channel, 0);
    if (!complete) this.#tell("incomplete", { channel, after: request.after });
    if (!complete) this.#place(channel, ok.epoch, 0);
    else if (!known) this.#place(channel, ok.epoch, request.after ?? Math.max(0, ok.offset - latest));
    this.#tell("joined", { ...ok, channel });
    if (complete && !known && latest && request.after === undefined) this.#ask({ type: "join", channel });
  }

  /** Once each: what came before is passed over. What can't be drawn is told, and does not come again. */
  #message(message) {
    const { channel, offset } = message, place = this.#places.get(channel);
    if (offset <= place.offset) return;
    try {
      this.#draw(message);
    } catch (error) {
      this.#tell("parked", { message, error });
    }
    this.#place(channel, place.epoch, offset);
  }

  #gap(gap) {
    const place = this.#places.get(gap.channel);
    this.#tell("gap", gap);
    if (gap.why === "expired" && gap.to > place.offset) this.#place(gap.channel, place.epoch, gap.to);
  }

  #place(channel, epoch, offset) {
    this.#places.set(channel, { epoch, offset });
    this.#storage.setItem(`${this.#name}.places`, JSON.stringify(Object.fromEntries(this.#places)));
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

const bytes = (text) => new TextEncoder().encode(text).length;
const newDevice = (key, messages) =>
  ({ id: crypto.getRandomValues(new Uint32Array(4)).join("-"), confirmed: 0, key, messages });
const published = (n, { channel, body }) =>
  `{"type":"publish","n":${n},"channel":${JSON.stringify(channel)},"body":${body}}`;

/** A value as JSON. Throws TypeError where `JSON.stringify` would change it silently, or a server refuse it. */
export function encode(value) {
  const text = JSON.stringify(value, (name, part) => {
    if (["undefined", "function", "symbol"].includes(typeof part))
      throw new TypeError(`${typeof part} is no JSON`);
    if (typeof part === "number" && !Number.isSafeInteger(part) && /^-?\d+$|[NI]/.test(part))
      throw new TypeError(`the number ${part}, expected a finite one, and whole ones below 2^53`);
    if (/\p{Surrogate}/u.test(name) || (typeof part === "string" && /\p{Surrogate}/u.test(part)))
      throw new TypeError("half a character (a lone surrogate) in a text");
    return part;
  });
  let depth = 1, most = 1; // the message is an object around it
  for (const [mark] of text.replace(/"(?:[^"\\]|\\.)*"/g, "").matchAll(/[[{}\]]/g)) {
    depth += "[{".includes(mark) ? 1 : -1;
    most = Math.max(most, depth);
  }
  if (most > DEPTH) throw new TypeError(`more than ${DEPTH} lists and objects inside each other`);
  return text;
}
