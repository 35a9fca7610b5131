/* Rooms as pictures. Each volatile message says all that it is about, so a picture keeps little, and is right
   with the next one after any loss.

     prices   {symbol, price}                  a row for each symbol, with the line of its newest prices
     field    {tick, places: {ann: -3, …}}     a lane for each player; a button or a key asks for one step

   A row is a text beside a drawing: those who see no drawing miss nothing. */

import { line } from "./chart.js";
import { make } from "./page.js";

const ROWS = 12, POINTS = 60, EDGE = 10, STEP = 20; // EDGE: steps from the middle; STEP: units of the drawing
const REFEREE = "referee"; // anyone may say where all are, and this user alone is believed
const signed = (number) => number > 0 ? `+${number}` : String(number).replace("-", "−");

/** Rows by their names, in the order of the alphabet; beyond the first twelve there are none. */
class Rows {
  #rows = new Map();

  constructor(label, drawing) {
    this.element = make("ul", { class: "rows", "aria-label": label });
    this.drawing = { ...drawing, "aria-hidden": "true" };
  }

  set(name, text, draw) {
    const row = this.#rows.get(name) ?? this.#add(name);
    row?.text.replaceChildren(...text);
    if (row) draw(row.drawing);
  }

  /** Drop the rows that are not among these: a Map or Set. */
  keep(names) {
    for (const [name, { item }] of this.#rows) if (!names.has(name)) { item.remove(); this.#rows.delete(name); }
  }

  #add(name) {
    if (this.#rows.size >= ROWS) return;
    const text = make("span"), drawing = make("svg:svg", this.drawing);
    const row = { text, drawing, item: make("li", {}, make("b", {}, name), text, drawing) };
    this.#rows.set(name, row);
    const after = [...this.#rows.keys()].filter((other) => other > name).sort()[0];
    this.element.insertBefore(row.item, this.#rows.get(after)?.item ?? null);
    return row;
  }
}

class Prices {
  readOnly = true;
  rows = new Rows("Prices", { viewBox: "0 0 240 32", preserveAspectRatio: "none" });
  element = make("div", {}, this.rows.element);
  #prices = new Map();

  add(from, { symbol, price } = {}) {
    if (typeof symbol !== "string" || !Number.isFinite(price)) return;
    const prices = [...this.#prices.get(symbol) ?? [], price].slice(-POINTS), change = price - (prices.at(-2) ?? price);
    if (this.#prices.size < ROWS || this.#prices.has(symbol)) this.#prices.set(symbol, prices);
    const text = [`${price} `, make("small", {}, signed(change))];
    this.rows.set(symbol, text, (drawing) => line(drawing, prices, POINTS, Math.min(...prices) - 1, Math.max(...prices) + 1));
  }
}

class Field {
  #free = true; // one wish in a tick: the referee takes no more
  #place = 0;
  rows = new Rows("Players", { viewBox: `0 0 ${(2 * EDGE + 1) * STEP} ${STEP}` });
  said = make("p", { class: "unseen", role: "status" });
  buttons = make("p", {}, this.#button("← Left", -1), " ", this.#button("Right →", 1), " ", make("small", {}, "or the arrow keys, while a button has the focus"));
  element = make("div", { onkeydown: (event) => this.#key(event) }, this.rows.element, this.buttons, this.said);

  /** `wish`: sends a number of steps; true where it has gone. */
  constructor(user, wish) {
    this.user = user;
    this.wish = wish;
    this.add(REFEREE, { places: {} });
  }

  add(from, { places } = {}) {
    if (from !== REFEREE || !places) return;
    const all = new Map(Object.entries({ [this.user]: 0, ...places }).slice(0, ROWS)), place = all.get(this.user);
    this.rows.keep(all);
    for (const [name, place] of all) this.rows.set(name, [signed(place), name === this.user ? " (you)" : ""], (drawing) => this.#lane(drawing, name, place));
    if (place !== this.#place) this.said.textContent = `You are at ${signed(place)}.`;
    this.#place = place;
    this.#free = true;
  }

  #step(steps) { if (this.#free && this.wish(steps)) this.#free = false; }

  #button(text, steps) { return make("button", { type: "button", onclick: () => this.#step(steps) }, text); }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    this.#step(steps);
  }

  #lane(drawing, name, place) {
    const middle = STEP / 2, at = (steps) => (steps + EDGE) * STEP + middle;
    drawing.replaceChildren(
      make("svg:line", { class: "base", x1: at(-EDGE), x2: at(EDGE), y1: middle, y2: middle }),
      make("svg:line", { class: "base", x1: at(0), x2: at(0), y1: 2, y2: STEP - 2 }),
      make("svg:circle", { class: name === this.user ? "piece own" : "piece", cx: at(place), cy: middle, r: middle - 2 }));
  }
}

/** The pictures by their names; each is made with (user, wish). */
export const PICTURES = { prices: Prices, field: Field };
