// The page's half of the frame microscope: it draws the state that Python sends, and asks for changes.
// Text is only ever set as text. Nothing here knows what a frame means.

const PAGE = 64; // bytes of a frame that Python sends at a time
const LATE = 8; // milliseconds from "busy" after which an answer is being held back
const SLOW = 25; // milliseconds until "busy" on a machine that is slow by itself

function make(tag, className = "", attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// What is as it was is left alone: the browser would lay it out and paint it again.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function attribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function look(element, css) {
  if (element.look !== css) element.style.cssText = element.look = css;
}

const glyph = (byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte === 0x20 ? "␣" : "");
const hex = (byte) => byte.toString(16).padStart(2, "0");
const digits = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function render({ model, el }) {
  // The bytes of one page, which begins at `start`, of a frame of `size` bytes; the bit that is looked at.
  const state = { bytes: [], meant: [], start: 0, size: 0, fields: [], owner: [], bit: 0, turning: null, asked: 0 };
  const root = make("div", "wsm", { role: "group", "aria-label": "frame microscope" });
  const name = `wsm-${Math.random().toString(36).slice(2)}`;

  // -- the parts of the page -----------------------------------------------------------------------------
  const sign = make("span", "wsm-sign", { "aria-hidden": "true" });
  const words = make("span", "wsm-words");
  const said = make("span", "wsm-said");
  const verdict = make("div", "wsm-verdict", { role: "status", "aria-live": "polite", "aria-atomic": "true" });
  verdict.append(sign, words, said);

  const receivers = choice("received by", "receiver", [["server", "a server"], ["client", "a client"]]);
  const reset = button("back to the frame as it was", () => ask({ do: "reset" }));
  const controls = make("div", "wsm-row", {}, receivers.box, reset);

  const shelf = make("div", "wsm-shelf", { role: "group", "aria-label": "frames that can be loaded" });
  const refresh = button("look for new frames", () => ask({ do: "refresh" }));
  const shelves = make("details", "wsm-shelves", { open: "" }, make("summary", "", {}, "frames of the trace"), shelf, refresh);

  const back = button("◄ earlier bytes", () => turn(-1));
  const forth = button("later bytes ►", () => turn(1));
  const place = make("span");
  const pager = make("div", "wsm-row", {}, back, place, forth);

  const cards = make("div", "wsm-cards", { role: "group", "aria-label": "bits: arrow keys move, space flips" });
  const dump = make("div", "wsm-dump", { role: "group", "aria-label": "hexdump: arrow keys move" });
  const list = make("div", "wsm-list", { role: "group", "aria-label": "fields" });
  const detail = make("div", "wsm-detail", { id: `${name}-detail` });
  const side = make("div", "wsm-side", {}, list, detail);
  const behind = make("ol", "wsm-behind", { "aria-label": "frames in these bytes" });

  const text = entry("payload as text", "text", "input");
  const payload = entry("payload as hex", "payload", "change");
  const key = entry("masking key (hex)", "key", "change");
  const masked = make("input", "", { type: "checkbox" });
  masked.addEventListener("change", () => ask({ do: "masked", masked: masked.checked }));
  const forms = choice("length in", "form", [["7", "7 bits"], ["16", "16 bits"], ["64", "64 bits"]]);
  const edit = make("div", "wsm-edit", { role: "group", "aria-label": "change the frame" },
    text.label, payload.label, key.label, make("label", "", {}, masked, " masked"), forms.box);

  const hint = make("p", "wsm-hint", {},
    "A click on a bit flips it. By keyboard: arrow keys move, Page Up and Page Down go from field to field, space flips.");
  const main = make("div", "wsm-main", {}, cards, side);
  root.append(shelves, verdict, make("div", "wsm-body", {}, controls, hint, pager, main, behind, dump, edit));
  root.append(make("style", "", {}, model.get("hide"))); // while this is here, its still is not
  el.append(root);

  // -- small makers --------------------------------------------------------------------------------------
  function button(label, action) {
    const made = make("button", "wsm-button", { type: "button" }, label);
    made.addEventListener("click", action);
    return made;
  }

  function choice(label, what, options) {
    const box = make("fieldset", "wsm-choice", {}, make("legend", "", {}, label));
    const inputs = options.map(([value, shown]) => {
      const input = make("input", "", { type: "radio", name: `${name}-${what}`, value });
      input.addEventListener("change", () => ask({ do: what, [what]: value }));
      box.append(make("label", "", {}, input, ` ${shown}`));
      return input;
    });
    return { box, set: (value) => inputs.forEach((input) => (input.checked = input.value === String(value))) };
  }

  function entry(label, what, when) {
    const input = make("input", "", { type: "text", spellcheck: "false", autocomplete: "off", size: "24" });
    let typing = false; // what is being typed is not written over
    input.addEventListener("input", () => (typing = when === "change"));
    input.addEventListener(when, () => {
      typing = false;
      ask({ do: what, [what]: input.value });
    });
    // JupyterLab has keys of its own
    input.addEventListener("keydown", (event) => event.stopPropagation());
    const set = (value, placeholder, disabled = false) => {
      const active = input.getRootNode().activeElement === input;
      if (!typing && (when === "change" || !active)) input.value = value ?? "";
      input.placeholder = placeholder;
      input.disabled = disabled;
    };
    return { label: make("label", "", {}, `${label} `, input), set };
  }

  // Jupyter says "busy" before it answers. TCP holds the small answer back until that is acknowledged (Nagle's
  // algorithm); the page's side does so after 40 ms, or with the next bytes that it sends. So send some, unless
  // "busy" came late itself: a machine that has too much to do would have more.
  function ask(message) {
    const asked = (state.asked = performance.now());
    const status = (said) => {
      if (said.content.execution_state !== "busy" || performance.now() - asked > SLOW) return;
      setTimeout(() => state.asked === asked && model.send({ do: "nothing" }), LATE);
    };
    model.send(message, { iopub: { status } });
  }

  // -- bits and bytes ------------------------------------------------------------------------------------
  function card(slot) {
    const head = make("div", "wsm-head", { "aria-hidden": "true" });
    const bits = make("div", "wsm-bits", { role: "group" });
    for (let bit = 0; bit < 8; bit++) {
      const made = make("button", "wsm-bit", { type: "button", role: "switch", tabindex: "-1" });
      made.addEventListener("click", () => {
        choose(at(slot, bit));
        ask({ do: "flip", bit: at(slot, bit) });
      });
      made.addEventListener("focus", () => choose(at(slot, bit)));
      bits.append(made);
    }
    return make("div", "wsm-byte", {}, head, bits, make("div", "wsm-names", { "aria-hidden": "true" }));
  }

  function cell(slot) {
    const made = make("button", "wsm-cell", { type: "button", tabindex: "-1" });
    made.addEventListener("click", () => choose(at(slot, 0)));
    made.addEventListener("focus", () => choose(at(slot, 0)));
    return made;
  }

  const at = (slot, bit) => (state.start + slot) * 8 + bit;
  const here = (bit) => bit >= state.start * 8 && bit < (state.start + state.bytes.length) * 8;
  const ownerOf = (bit) => state.owner[bit - state.start * 8];
  const fieldAt = (bit) => state.fields[ownerOf(bit)];

  function count(parent, number, maker) {
    while (parent.children.length > number) parent.lastChild.remove();
    while (parent.children.length < number) parent.append(maker(parent.children.length));
  }

  function drawBytes() {
    const { start, size } = state;
    const shown = state.bytes.length;
    count(cards, shown, card);
    count(dump, shown, cell);
    for (let slot = 0; slot < shown; slot++) {
      drawCard(cards.children[slot], slot);
      drawCell(dump.children[slot], slot);
    }
    pager.hidden = size <= shown;
    say(place, `bytes ${start} to ${start + shown - 1} of ${size}`);
    back.disabled = start === 0;
    forth.disabled = start + shown >= size;
  }

  function drawCard(made, slot) {
    const [head, bits, names] = made.children;
    const byte = state.start + slot;
    const value = state.bytes[slot];
    const meant = state.meant[slot];
    say(head, inWords(byte, value, meant));
    attribute(bits, "aria-label", `byte ${byte}, ${hex(value)}${meant === value ? "" : `, unmasked ${hex(meant)}`}`);
    const owners = [];
    for (let bit = 0; bit < 8; bit++) {
      const where = byte * 8 + bit;
      const field = fieldAt(where);
      const one = (value >> (7 - bit)) & 1;
      const made = bits.children[bit];
      say(made, String(one));
      attribute(made, "aria-checked", one ? "true" : "false");
      attribute(made, "aria-label", `bit ${where}, ${field ? field.label : "no field"}, ${one}`);
      attribute(made, "data-bit", String(where));
      look(made, field ? field.css : "");
      if (bit === 0 || fieldAt(where - 1) !== field) owners.push([bit, field ? field.label : ""]);
    }
    drawNames(names, byte, owners);
  }

  // What a byte is: a byte of text has its letter beside it, any other is a number alone.
  function inWords(byte, value, meant) {
    const letter = fieldAt(byte * 8)?.text ? glyph(meant) : "";
    const unmasked = meant === value ? "" : `, unmasked ${hex(meant)}`;
    return `byte ${byte}: ${hex(value)}${unmasked}${letter && ` '${letter}'`}`;
  }

  function drawNames(names, byte, owners) {
    const shown = JSON.stringify([byte, owners]);
    if (names.shown === shown) return;
    names.shown = shown;
    names.replaceChildren(...owners.map(([bit, label], number) => {
      const end = owners[number + 1]?.[0] ?? 8;
      const band = make("span", end - bit === 1 ? "wsm-name wsm-one" : "wsm-name", {}, label);
      band.style.gridColumn = `${bit + 1} / ${end + 1}`;
      band.addEventListener("click", () => choose(byte * 8 + bit, bitButton));
      return band;
    }));
  }

  function drawCell(made, slot) {
    const byte = state.start + slot;
    const label = new Set();
    for (let bit = 0; bit < 8; bit++) label.add(fieldAt(byte * 8 + bit)?.label ?? "no field");
    if (!made.children.length) made.append(make("span"), make("small"));
    say(made.children[0], hex(state.bytes[slot]));
    say(made.children[1], glyph(state.bytes[slot]) || "·");
    attribute(made, "aria-label", `byte ${byte}, ${hex(state.bytes[slot])}, ${[...label].join(", ")}`);
    attribute(made, "data-byte", String(byte));
    look(made, blend(byte));
  }

  // The look of a byte: its field's, or stripes as wide as the bits of each of its fields.
  function blend(byte) {
    const fields = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => fieldAt(byte * 8 + bit));
    if (fields.every((field) => field === fields[0])) return fields[0] ? fields[0].css : "";
    const stops = fields.map((field, bit) => {
      const color = field?.css.match(/background:(#\w+)/)?.[1] ?? "#ffffff";
      return `${color} ${bit * 12.5}% ${(bit + 1) * 12.5}%`;
    });
    return `color:#111111;background:linear-gradient(90deg,${stops.join(",")})`;
  }

  // -- the field that is looked at -----------------------------------------------------------------------
  // Look at a bit, and move the focus to it or to its byte in the hexdump: where it is on another page, later.
  function choose(bit, focus = () => null) {
    bit = Math.max(0, Math.min(bit, state.size * 8 - 1));
    if (!here(bit)) {
      state.turning = { bit, focus };
      ask({ do: "turn", page: Math.floor((bit >> 3) / PAGE) });
      return;
    }
    state.bit = bit;
    mark();
    focus()?.focus();
  }

  const bitButton = () => cards.querySelector(`[data-bit="${state.bit}"]`);
  const byteButton = () => dump.querySelector(`[data-byte="${state.bit >> 3}"]`);

  function mark() {
    const index = ownerOf(state.bit);
    const field = state.fields[index];
    for (const made of cards.querySelectorAll(".wsm-bit")) {
      const bit = Number(made.dataset.bit);
      made.classList.toggle("wsm-lit", ownerOf(bit) === index);
      current(made, bit === state.bit);
    }
    for (const made of dump.children) {
      const byte = Number(made.dataset.byte);
      const lit = field && field.start < byte * 8 + 8 && field.stop > byte * 8;
      made.classList.toggle("wsm-lit", Boolean(lit));
      current(made, byte === state.bit >> 3);
    }
    [...list.children].forEach((made, number) => attribute(made, "aria-pressed", number === index ? "true" : "false"));
    const shown = JSON.stringify(field ?? null);
    if (detail.shown === shown) return;
    detail.shown = shown;
    detail.replaceChildren();
    if (!field) return;
    const where = make("button", "wsm-link", { type: "button" }, `${field.where} ↓`);
    attribute(where, "aria-label", `${field.where}, to the hexdump`);
    where.addEventListener("click", () => choose(field.start, byteButton));
    const section = field.link
      ? make("a", "", { href: field.link, target: "_blank", rel: "noopener" }, field.section)
      : field.section;
    for (const [term, value] of [["field", field.label], ["where", where], ["value", field.value],
      ["meaning", field.meaning], ["says who", section]]) {
      detail.append(make("strong", "", {}, term), make("span", "", {}, value));
    }
  }

  // The one that the Tab key leads to, and that is told with what stands beside it.
  function current(made, yes) {
    made.tabIndex = yes ? 0 : -1;
    if (yes) attribute(made, "aria-describedby", detail.id);
    else made.removeAttribute("aria-describedby");
  }

  function drawFields() {
    count(list, state.fields.length, () => {
      const made = button("", () => choose(state.fields[[...list.children].indexOf(made)].start));
      return made;
    });
    state.fields.forEach((field, index) => {
      say(list.children[index], field.label);
      look(list.children[index], field.css);
    });
  }

  // -- keys ----------------------------------------------------------------------------------------------
  const columns = (parent) => getComputedStyle(parent).gridTemplateColumns.split(" ").length;
  const steps = {
    ArrowLeft: () => -1, ArrowRight: () => 1,
    ArrowUp: () => -8 * columns(cards), ArrowDown: () => 8 * columns(cards),
    Home: () => -state.bit, End: () => state.size * 8 - 1 - state.bit,
    PageUp: () => (state.fields[ownerOf(state.bit) - 1]?.start ?? 0) - state.bit,
    PageDown: () => (state.fields[ownerOf(state.bit) + 1]?.start ?? state.bit) - state.bit,
  };

  cards.addEventListener("keydown", (event) => {
    event.stopPropagation(); // JupyterLab has keys of its own
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = state.bit + steps[event.key]();
    if (next >= 0 && next < state.size * 8) choose(next, bitButton);
  });

  dump.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(dump), ArrowDown: columns(dump) }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (state.bit >> 3) + step;
    if (next >= 0 && next < state.size) choose(next * 8, byteButton);
  });

  function turn(step) {
    choose((state.start + step * PAGE) * 8);
  }

  // -- what Python says ----------------------------------------------------------------------------------
  function update() {
    const now = JSON.parse(model.get("state"));
    state.bytes = digits(now.hex);
    state.meant = digits(now.meant);
    state.start = now.start;
    state.size = now.size;
    state.fields = now.frames.flatMap((frame) => frame.fields);
    state.owner = [];
    state.fields.forEach((field, index) => {
      const first = state.start * 8;
      const stop = Math.min(field.stop - first, state.bytes.length * 8);
      for (let bit = Math.max(field.start - first, 0); bit < stop; bit++) state.owner[bit] = index;
    });
    root.dataset.outcome = now.outcome;
    say(sign, now.sign);
    say(words, now.words);
    say(said, now.said);
    said.classList.toggle("wsm-failed", now.failed);
    receivers.set(now.receiver);
    forms.set(now.form);
    reset.disabled = !now.changed;
    const long = now.payload === null;
    text.set(now.text, long ? "too long to edit here" : now.text === null ? "no printable text" : "", long);
    payload.set(now.payload, long ? "too long to edit here" : "48 65 6c", long);
    key.set(now.key, "not masked");
    masked.checked = now.masked;
    drawFields();
    drawBytes();
    const turned = state.turning && here(state.turning.bit) ? state.turning : null;
    if (turned) state.turning = null;
    choose(turned ? turned.bit : here(state.bit) ? state.bit : state.start * 8, turned?.focus);
    drawBehind(now);
    [...shelf.children].forEach((made, number) => attribute(made, "aria-pressed", number === now.loaded ? "true" : "false"));
    if (state.asked) root.dataset.took = (performance.now() - state.asked).toFixed(1); // ms, there and back
    state.asked = 0;
  }

  function drawBehind(now) {
    behind.hidden = now.frames.length < 2;
    behind.replaceChildren(...now.frames.map((frame) =>
      make("li", "", {}, `bytes ${frame.start} to ${frame.start + frame.size - 1}: ${frame.summary}: ${frame.sign} ${frame.verdict}`)));
    if (now.more) behind.append(make("li", "", {}, `and ${now.more} more`));
  }

  function drawShelf() {
    const names = JSON.parse(model.get("shelf"));
    shelves.hidden = names.length < 2;
    count(shelf, names.length, (number) => button("", () => ask({ do: "load", number })));
    names.forEach((label, number) => (shelf.children[number].textContent = `${number + 1} ${label}`));
  }

  model.on("change:state", update);
  model.on("change:shelf", drawShelf);
  drawShelf();
  update();
  return () => {
    model.off("change:state", update);
    model.off("change:shelf", drawShelf);
  };
}

export default { render };
