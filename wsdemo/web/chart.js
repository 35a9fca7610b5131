/* One live number as a line: the newest minute, its scale, and the same in words. `line` draws any numbers. */

import { make } from "./page.js";

const SECONDS = 60;

export class Chart {
  #values = [];

  /** `drawings`: SVG elements that show the line; `text`: says the same. */
  constructor(drawings, text) {
    this.drawings = drawings;
    this.text = text;
  }

  /** A tick of #time: {time, connections, messages, lag}. */
  add({ time, connections, messages, lag }) {
    if (!Number.isFinite(messages)) return;
    this.#values = [...this.#values, messages].slice(-SECONDS);
    const top = Math.max(1, ...this.#values), now = messages.toFixed(messages < 10 ? 1 : 0);
    this.text.textContent = `${now} messages a second at ${time}, at most ${top.toFixed(0)} in the last ` +
      `${this.#values.length} s · ${connections} connections · lag of the server ${(lag * 1000).toFixed(1)} ms`;
    for (const drawing of this.drawings) line(drawing, this.#values, SECONDS, 0, top);
  }
}

/** Draw at most `count` values into an SVG element, the newest at its right end; `low` is its ground. */
export function line(drawing, values, count, low, high) {
  const { width, height } = drawing.viewBox.baseVal, step = width / (count - 1), room = height - 8;
  const x = (at) => width - (values.length - 1 - at) * step, y = (value) => height - 4 - ((value - low) / (high - low)) * room;
  const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  drawing.replaceChildren(
    make("svg:line", { class: "base", x1: 0, x2: width, y1: height - 4, y2: height - 4 }),
    make("svg:polyline", { class: "line", points }));
}
