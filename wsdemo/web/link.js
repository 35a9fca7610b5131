/* A connection that is made again whenever it ends; as in connecting.py.

     start ──► connect ──► hello ──► receive … ──► over ──► away ──► connect …
                                        │            ▲        │
          a close code, an error, silence, a bye ────┘        └── a while, or until the network or the reader is back

   Each attempt to connect is a turn: what belongs to an earlier one is passed over. Of the protocol it knows the
   messages about the connection itself, `bye` and `ping`. The rest is its client's (socket.js), by four functions:

     begin(token): the text of hello · receive(message) · end() · tell(name, detail): an event */

import { comesBack, Waits } from "./backoff.js";
import { PROTOCOL } from "./messages.js";

export const SECOND = 1000; // milliseconds
const GRACE = SECOND;
const USEFUL = ["confirm", "message", "ping"];

/** What `receive` throws to end a connection; `code`: a close code. */
export class ConnectionClosed extends Error {
  constructor(code, reason) {
    super(reason);
    this.code = code;
  }
}

export class Link {
  state = { name: "new" }; // then connecting, open, away, ended
  #url; #outbox; #owner; #client; #session; #silence; #waits;
  #turn = 0;
  #ws = null; #bye = {}; #heard = 0; #useful = false; // of this turn

  /** `outbox`, `owner`: of the devices; `client`: see above; the options are those of ChatSocket. */
  constructor(url, outbox, owner, client, { session, random, silence }) {
    [this.#url, this.#outbox, this.#owner, this.#client] = [url, outbox, owner, client];
    [this.#session, this.#silence, this.#waits] = [session, silence, new Waits(random)];
    this.#listen(addEventListener);
    this.#start();
  }

  // -- for the client --------------------------------------------------------------------------------------

  /** Bytes that the browser has not sent yet. */
  get bufferedAmount() { return this.#ws?.bufferedAmount ?? 0; }

  /** A closed WebSocket takes a text and says nothing: look before. False: not sent. */
  send(text) {
    if (this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(text);
    return this.#wire(this.#turn, "send", { data: text });
  }

  /** Call it after `wait` milliseconds, unless this turn has ended until then. */
  later(wait, callback) {
    const turn = this.#turn;
    setTimeout(() => turn === this.#turn && callback(), wait);
  }

  /** The server has let this device in. */
  welcome() { this.#is("open"); }

  /** The device is finished: connect as the next one, at once. */
  next() {
    this.#hangUp();
    this.#outbox.renew();
    this.#connect();
  }

  /** End for good. */
  close() {
    this.#listen(removeEventListener);
    this.#leavePage();
    this.#is("ended", { code: 1000, reason: "closed by this page" });
  }

  // -- one page, one device --------------------------------------------------------------------------------

  async #start() {
    const turn = ++this.#turn, left = this.#owner.arrive(), earlier = this.#outbox.open();
    this.#owner.hold(this.#outbox.own);
    const copied = left || !earlier.length ? [] : await this.#owner.held(earlier);
    if (turn !== this.#turn) return;
    if (copied.length) this.#outbox.remove(copied);
    this.#connect();
  }

  /** A new device with the old messages, which the server may have stored already. */
  #renew(reason) {
    const count = this.#outbox.top - this.#outbox.confirmed;
    if (count) this.#client.tell("doubled", { count, reason });
    this.#outbox.renew();
    this.#owner.hold(this.#outbox.own);
  }

  // -- a turn ----------------------------------------------------------------------------------------------

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
      this.send(this.#client.begin(token));
    };
    ws.onmessage = ({ data }) => wire("message", { data }) && this.#received(data);
    ws.onerror = () => wire("error");
    ws.onclose = ({ code, reason, wasClean }) =>
      wire("close", { code, reason, wasClean }) && this.#over(code, reason);
  }

  #received(data) {
    this.#heard = performance.now();
    try {
      const message = JSON.parse(data), { type } = message;
      this.#useful ||= USEFUL.includes(type);
      if (type === "bye") this.#bye = message;
      else if (type === "ping") this.send('{"type":"pong"}');
      else this.#client.receive(message);
    } catch (error) {
      if (error instanceof ConnectionClosed) return this.#over(error.code, error.message);
      // The server breaks the protocol, or the storage can't be written.
      this.#over(1011, `${error.name}: ${error.message}`);
    }
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
    this.later(wait, () => this.#connect());
  }

  #hangUp() {
    this.#turn++;
    this.#ws?.close();
    this.#ws = null;
    this.#client.end();
  }

  /** Nothing for a minute although the server pings: dead. What came while a page was frozen is read first. */
  #watch(grace = false) {
    const left = this.#silence - (performance.now() - this.#heard);
    if (left > 0) this.later(left, () => this.#watch());
    else if (!grace) this.later(GRACE, () => this.#watch(true));
    else this.#over(1006, `nothing heard for ${this.#silence / SECOND} seconds`);
  }

  // -- the page --------------------------------------------------------------------------------------------

  #listen(how) {
    for (const name of ["online", "pageshow", "visibilitychange"]) how.call(window, name, this.#wake);
    how.call(window, "pagehide", this.#leavePage);
  }

  /** The network, the reader or the page is back: do not wait any longer. */
  #wake = ({ type, persisted }) => {
    if (type === "pageshow" && persisted) this.#start();
    const now = type === "online" || document.visibilityState === "visible";
    if (now && type !== "pageshow" && this.state.name === "away" && !this.#waits.fixed) this.#connect();
  };

  /** A page in the back-forward cache may have no connection and no lock; it begins anew if it comes back. */
  #leavePage = () => {
    this.#owner.leave();
    this.#hangUp();
  };

  // -- events ----------------------------------------------------------------------------------------------

  #is(name, more = {}) {
    this.state = { name, ...more };
    this.#client.tell("state", this.state);
  }

  /** What the browser tells of a WebSocket; false: of one that is given up. */
  #wire(turn, what, more = {}) {
    const now = performance.timeOrigin + performance.now(), current = turn === this.#turn;
    if (current) this.#client.tell("wire", { what, at: now, ...more });
    return current;
  }
}
