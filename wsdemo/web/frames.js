/* Under the hood: two lanes on one clock. Left, what the browser tells a page of its WebSocket; right, the frames
   that the server recorded on the same connection. A lane where nothing is told, or nothing is sent, is hatched.

     browser   new WebSocket   open     send      ////////////////////   message    ///////////
     wire      GET /chat …     101 …    81 8c …   89 00 ping · 8a pong   81 0c …    88 02 close

   The server gives this record only to the user of that connection, for a ticket that is used once. */

import { ask, make, socketUrl } from "./page.js";

const ROWS = 200, KEPT = 500;
const UNSEEN = {
  request: "the request, and its header fields", response: "the status of the answer, and its header fields",
  1: "this text", 2: "these bytes", part: "a fragment: the page is told of whole messages", 8: "a close frame",
  9: "a ping: the browser answers it by itself", 10: "a pong: it comes even while a page hangs",
};
const DEFLATED = "compressed on the wire";

/** The rows of both lanes: {at, event, packet, note}, sorted by time. Messages and data frames belong together in the
 *  order of their direction; where the oldest frames are not known, by their text. */
export function lanes(events, packets, { skew = 0, missed = 0 } = {}) {
  const free = (...names) => events.filter(({ what }) => names.includes(what));
  const halves = { send: free("send"), message: free("message"), start: free("new WebSocket"), open: free("open"), close: free("close") };
  const take = (name, text) => {
    const at = missed && text !== undefined ? halves[name].findIndex(({ data }) => data === text) : 0;
    return halves[name].splice(at, at < 0 ? 0 : 1)[0] ?? null;
  };
  const rows = packets.map((packet) => {
    const up = packet.direction === "to server", { fin, opcode, rsv1 } = valuesOf(packet);
    const part = opcode < 8 && !fin, at = packet.at - skew;
    const event = packet.kind === "request" ? take("start") : packet.kind === "response" ? take("open")
      : opcode === 8 ? (up ? null : take("close")) : opcode > 8 || part ? null : take(up ? "send" : "message", packet.text);
    const note = event ? (rsv1 ? DEFLATED : "") : UNSEEN[part ? "part" : (opcode ?? packet.kind)] ?? UNSEEN[1];
    return { at, event, packet, note };
  });
  const used = new Set(rows.map(({ event }) => event));
  const rest = events.filter((event) => !used.has(event)).map((event) => ({ at: event.at, event, packet: null, note: "" }));
  return [...rows, ...rest].sort((one, other) => one.at - other.at);
}

const valuesOf = ({ fields = [] }) => Object.fromEntries(fields.map(({ name, value }) => [name, value]));

export class Hood {
  #socket; #rows; #problem; #shown = false; #record = null; #events = []; #packets = []; #facts = {}; #due = false;
  #drawn = new Map(); // rows by what they show

  constructor(socket, rows, problem) {
    [this.#socket, this.#rows, this.#problem] = [socket, rows, problem];
    socket.addEventListener("wire", ({ detail }) => this.#told(detail));
    socket.addEventListener("welcome", ({ detail: { now } }) => {
      const skew = now * 1000 - (performance.timeOrigin + performance.now());
      this.#facts = { skew: Math.abs(skew) > 500 ? skew : 0, missed: 0 }; // another machine has another clock
      if (this.#shown) this.#open();
    });
  }

  /** Show the record of this connection, or no longer. */
  show(shown) {
    this.#shown = shown;
    if (shown && this.#socket.state.name === "open") this.#open();
    if (!shown) this.#record?.close();
    this.#soon();
  }

  #told(event) {
    if (event.what === "new WebSocket") [this.#events, this.#packets] = [[], []];
    this.#events = [...this.#events, { ...event, id: this.#events.length }].slice(-KEPT);
    this.#soon();
  }

  async #open() {
    this.#record?.close();
    this.#packets = [];
    this.#problem.textContent = "";
    try {
      const { ticket } = await ask("ticket", { device: this.#socket.device });
      const record = (this.#record = new WebSocket(socketUrl(`frames?ticket=${encodeURIComponent(ticket)}`)));
      record.onmessage = ({ data }) => this.#received(JSON.parse(data));
      record.onerror = () => { this.#problem.textContent = "The server gives no record of this connection."; };
    } catch (error) {
      this.#problem.textContent = `The server gives no record of this connection: ${error.message}.`;
    }
  }

  #received(message) {
    if (message.type === "missed") {
      this.#facts.missed = message.count;
      this.#problem.textContent = `The oldest ${message.count} frames are no longer kept.`;
    } else if (message.type === "packet")
      this.#packets = [...this.#packets, { ...message, at: message.at * 1000 }].slice(-KEPT);
    this.#soon();
  }

  // -- drawing -------------------------------------------------------------------------------------------------

  #soon() {
    if (this.#due || !this.#shown) return;
    this.#due = true;
    setTimeout(() => { this.#due = false; this.#draw(); }, 50);
  }

  /** What is drawn stays, so that what a reader has unfolded stays so. */
  #draw() {
    const rows = lanes(this.#events, this.#packets, this.#facts).slice(-ROWS), start = this.#events[0]?.at ?? 0;
    const box = this.#rows.closest("[tabindex]"), low = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    const drawn = new Map();
    for (const row of rows) {
      const key = `${row.packet?.number} ${row.event?.id} ${row.event?.at}`;
      drawn.set(key, this.#drawn.get(key) ?? this.#row(row, start));
    }
    this.#drawn = drawn;
    const elements = [...drawn.values()].flat();
    elements.forEach((element, at) => this.#rows.children[at] !== element && this.#rows.insertBefore(element, this.#rows.children[at] ?? null));
    while (this.#rows.children.length > elements.length) this.#rows.lastElementChild.remove();
    if (low) box.scrollTop = box.scrollHeight;
  }

  #row({ at, event, packet, note }, start) {
    const unsent = this.#packets.length ? "nothing, or not yet" : "no record", bits = packet && bitsRow(packet);
    const row = make("tr", {}, make("th", { scope: "row" }, (at - start).toFixed(1)),
      event ? browserCell(event, note) : make("td", { class: "hatched" }, `not told: ${note}`),
      packet ? wireCell(packet, bits) : make("td", { class: "hatched" }, unsent));
    return bits ? [row, bits] : [row];
  }
}

function browserCell({ what, data, code, reason, wasClean, protocol }, note) {
  const more = what === "close" ? `${code} “${reason}”${wasClean ? "" : ", not clean"}` : what === "open" ? protocol : data;
  return make("td", {}, make("b", {}, what), ` ${shorten(more ?? "")}`, note && make("small", {}, ` (${note})`));
}

function wireCell({ direction, kind, size, summary }, bits) {
  const up = direction === "to server", title = make("b", {}, `${up ? "→" : "←"} ${shorten(summary)}`);
  const cell = make("td", { class: up ? "up" : "down" }, title, ` ${size} bytes `);
  if (kind === "frame") {
    const more = make("button", { type: "button", class: "more" }, "bits");
    more.setAttribute("aria-expanded", "false");
    more.onclick = () => more.setAttribute("aria-expanded", String(!(bits.hidden = !bits.hidden)));
    cell.append(more);
  }
  return cell;
}

/** All that is known of a frame, bit by bit: a row below its own, at first hidden. */
function bitsRow({ kind, fields = [], bytes = "", verdict = "accepted" }) {
  if (kind !== "frame") return null;
  const items = fields.map(({ name, start, stop, value, meaning, section }) => make("li", {},
    make("code", {}, `${start === stop - 1 ? `bit ${start}` : `bits ${start}–${stop - 1}`}`), " ",
    make("b", {}, `${name} = ${shorten(String(typeof value === "boolean" ? Number(value) : value), 40)}`),
    ` ${shorten(meaning ?? "")} `, make("small", {}, section ?? "")));
  return make("tr", { class: "bits", hidden: true }, make("td", { colSpan: 3 },
    make("code", {}, bytes.replace(/../g, "$& ").trim()), make("ul", {}, ...items),
    verdict === "accepted" ? "" : make("p", { class: "problem" }, verdict)));
}

const shorten = (text, most = 160) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
