/* The page: rooms, mailboxes, who is there, who is typing, and a live number. All the rest is `ChatSocket`.

     socket ── message ──► Channel.add ──► kept in sessionStorage, and drawn where it is the open one
     compose ──► socket.publish ──► #waiting, until it is confirmed

   What this page has drawn is lost when it is loaded again, and its offsets are not: so the newest messages
   are kept beside the offsets, in the same storage. */

import { Chart } from "./chart.js";
import { Hood } from "./frames.js";
import { ask, at, make, socketUrl } from "./page.js";
import { PICTURES } from "./pictures.js";
import { ChatSocket } from "./socket.js";

const LATEST = 100, KEPT = 256 * 1024; // messages of a channel that are shown, and their characters kept
const TYPING = 4000, EVERY = 2000; // milliseconds
const LIVE = "#time";
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

let socket = null, user = null, open = null, hood = null;
const channels = new Map();

class Channel {
  unread = 0;
  members = new Set();
  typing = new Map(); // by user: until when

  constructor(name, kind) {
    this.name = name;
    this.picture = kind && new PICTURES[kind](user, (body) => socket.volatile(name, body, "move"));
    this.store = `wsdemo.${user}.drawn.${name}`;
    this.items = JSON.parse(sessionStorage.getItem(this.store) ?? "[]");
    this.badge = make("span", { class: "badge" });
    this.button = make("button", { type: "button", onclick: () => show(this) }, make("span", {}, name), this.badge);
    at("channels").append(make("li", {}, this.button));
  }

  get own() { return this.name === `@${user}`; }

  /** Whether this user may read it: a mailbox of another one is only written to. */
  get readable() { return this.name[0] === "#" || this.own; }

  add(item) {
    this.items = [...this.items, item].slice(-LATEST);
    let text = JSON.stringify(this.items);
    while (text.length > KEPT && this.items.length > 1) text = JSON.stringify((this.items = this.items.slice(1)));
    sessionStorage.setItem(this.store, text);
    this.typing.delete(item.from);
    if (open === this) draw(item);
    if (open !== this || document.hidden) this.count(this.unread + 1);
    if (open === this) showTyping();
  }

  count(unread) {
    this.unread = unread;
    this.badge.textContent = unread || "";
    this.badge.title = unread ? `${unread} not read` : "";
    const all = [...channels.values()].reduce((sum, channel) => sum + channel.unread, 0);
    document.title = `${all ? `(${all}) ` : ""}Chat · wsdemo`;
  }
}

// -- who am I --------------------------------------------------------------------------------------------------

async function start() {
  try {
    const session = await ask("session");
    if (session.user) enter(session);
    else door(session);
  } catch (error) {
    showState({ name: "away", reason: error.message, in: 3 });
    setTimeout(start, 3000);
  }
}

function door({ guests = true } = {}, problem = "") {
  socket?.close();
  socket = null;
  for (const [id, hidden] of Object.entries({ asking: true, door: false, chat: true, me: true, hood: true, "hood-button": true, again: true }))
    at(id).hidden = hidden;
  at("password-field").hidden = guests;
  at("login-problem").textContent = problem;
  showState({ name: "out" });
  at("name").focus();
}

at("login").onsubmit = async (event) => {
  event.preventDefault();
  const name = at("name").value.trim().toLowerCase(), password = at("password").value;
  try {
    await ask("login", password ? { name, password } : { name });
    const session = await ask("session");
    if (!session.user) throw new Error("this browser keeps no cookie of this page: please allow it");
    enter(session);
  } catch (error) {
    at("login-problem").textContent = error.message;
    at("name").focus();
  }
};

at("logout").onclick = () => {
  socket?.close();
  ask("logout", {}).then(start, (error) => { at("problem").textContent = error.message; });
};

function enter({ user: name, pictures }) {
  user = name;
  channels.clear();
  at("channels").replaceChildren();
  for (const id of ["asking", "door"]) at(id).hidden = true;
  for (const id of ["chat", "me", "hood-button"]) at(id).hidden = false;
  at("me-name").textContent = user;
  for (const name of new Set([...Object.keys(pictures), "#lobby", `@${user}`, LIVE, ...rooms()])) channels.set(name, new Channel(name, pictures[name]));
  const spark = make("svg:svg", { class: "spark", viewBox: "0 0 80 24", "aria-hidden": "true" });
  channels.get(LIVE).button.append(spark);
  chart = new Chart([at("chart"), spark], at("chart-text"));
  connect();
  show(channels.values().next().value);
  (open.picture?.element.querySelector("button") ?? at("text")).focus();
}

let chart = null;
const rooms = () => JSON.parse(sessionStorage.getItem(`wsdemo.${user}.rooms`) ?? "[]");

// -- the connection --------------------------------------------------------------------------------------------

/** Asked before each connection: a page is not told why a handshake was refused. */
async function session() {
  const answer = await ask("session");
  if (answer.user !== user) throw Object.assign(new Error("log in again"), { code: 4401 });
  return null; // the cookie says who we are
}

function connect() {
  socket?.close();
  const frame = window === top ? "" : `.${window.name}`; // two frames of a tab share its storage
  socket = new ChatSocket(socketUrl("chat?frames=1"), draws, { name: `wsdemo.${user}${frame}`, session });
  hood = new Hood(socket, at("rows"), at("hood-problem"));
  hood.show(!at("hood").hidden);
  for (const [name, react] of Object.entries(REACTIONS))
    socket.addEventListener(name, ({ detail }) => react(detail));
  for (const channel of channels.values()) if (channel.readable) join(channel);
  showWaiting();
}

function join(channel) {
  socket.join(channel.name, { latest: channel.name === LIVE ? 0 : LATEST / 2, presence: channel.name[0] === "#" });
}

/** The effect of a message. When this returns, it is in the page and in the storage. */
function draws({ channel, offset, from, at: seconds, body }) {
  channels.get(channel)?.add({ offset, from, at: seconds, text: textOf(body) });
}

const textOf = (body) => typeof body === "string" ? body : typeof body?.text === "string" ? body.text : JSON.stringify(body);

const REACTIONS = {
  state(state) {
    if (state.name === "ended" && state.code === 4401) door({}, state.reason);
    else if (state.code !== 1000) showState(state);
  },
  welcome({ durable }) { if (!durable) at("state-text").textContent = "connected · messages in memory only"; },
  outbox: showWaiting,
  joined({ channel, members = [] }) { present(channel, members, []); },
  presence({ channel, joined, left }) { present(channel, joined, left); },
  volatile({ channel, from, body }) {
    if (channel === LIVE) chart.add(body);
    else if (body?.typing) typing(channels.get(channel), from);
    else channels.get(channel)?.picture?.add(from, body ?? {});
  },
  expiring() { ask("session").catch(() => {}); },
  gap({ channel, from, to, why }) {
    if (why !== "slow") note(channels.get(channel), `Messages ${from} to ${to} are missing: ${why}.`);
  },
  incomplete({ channel, after }) {
    if (after) note(channels.get(channel), "Some messages are missing here: the server no longer has them.");
  },
  doubled({ count, reason }) { note(open, `${count} messages may arrive twice: ${reason}.`); },
  parked({ message }) { note(channels.get(message.channel), `A message of ${message.from} could not be shown.`); },
  dropped({ message, reason }) {
    at("problem").textContent = `Not sent: ${reason}.`;
    if (!at("text").value) at("text").value = textOf(JSON.parse(message.body));
  },
  refused({ request, reason }) { note(channels.get(request.channel), `Not possible: ${reason}.`); },
  error({ reason }) { at("problem").textContent = reason; },
};

// -- the state of the connection -------------------------------------------------------------------------------

function showState({ name, code, reason, in: seconds }) {
  const why = [code, reason].filter(Boolean).join(" ");
  at("state").dataset.state = name;
  at("again").hidden = name !== "ended";
  at("state-text").textContent = {
    out: "not logged in", connecting: "connecting …", open: "connected",
    away: `offline, again in ${Math.ceil(seconds)} s${why && ` (${why})`}`, ended: `ended (${why})`,
  }[name] ?? name;
}

at("again").onclick = () => { connect(); at("text").focus(); };

// -- the open channel ------------------------------------------------------------------------------------------

function show(channel) {
  open = channel;
  for (const other of channels.values()) other.button.removeAttribute("aria-current");
  channel.button.setAttribute("aria-current", "true");
  channel.count(0);
  const live = channel.name === LIVE, log = at("log");
  at("title").textContent = channel.own ? `${channel.name} · your mailbox` : channel.name;
  at("live").hidden = !live;
  at("picture").hidden = !channel.picture;
  at("picture").replaceChildren(...channel.picture ? [channel.picture.element] : []);
  at("compose").hidden = live || channel.own || Boolean(channel.picture?.readOnly);
  at("problem").textContent = "";
  log.setAttribute("aria-live", "off"); // old messages are not news
  at("lines").replaceChildren();
  channel.items.forEach(draw);
  requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
  showMembers();
  showTyping();
  showWaiting();
}

function draw(item) {
  const log = at("log"), lines = at("lines"), last = lines.lastElementChild;
  const low = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const when = new Date(item.at * 1000), mailbox = open.own && item.from !== user;
  const follows = last?.dataset.from === item.from && item.at - last.dataset.at < 300;
  const text = make("p", { class: "text" }, item.text);
  if (item.note) lines.append(make("li", { class: "note" }, text));
  else {
    const line = make("li", { class: follows ? "follows" : "", "data-from": item.from, "data-at": item.at },
      make("span", { class: `face f${face(item.from)}`, "aria-hidden": "true" }, item.from[0]),
      make("span", { class: "who" }, item.from),
      make("time", { dateTime: when.toISOString() }, clock.format(when)), text);
    if (item.from === user) line.classList.add("own");
    if (mailbox) line.append(make("button", { type: "button", onclick: () => visit(`@${item.from}`) }, `Answer ${item.from}`));
    lines.append(line);
  }
  while (lines.children.length > LATEST) lines.firstElementChild.remove();
  if (low) log.scrollTop = log.scrollHeight;
}

const face = (name) => [...name].reduce((sum, letter) => (sum * 9 + letter.codePointAt(0)) % 997, 0) % 6;

function note(channel, text) {
  if (channel && text && channel.items.at(-1)?.text !== text)
    channel.add({ from: "", at: Date.now() / 1000, text, note: true });
}

function present(name, joined, left) {
  const channel = channels.get(name);
  if (!channel) return;
  joined.forEach((member) => channel.members.add(member));
  left.forEach((member) => channel.members.delete(member));
  if (channel === open) showMembers();
}

function showMembers() {
  const others = [...open.members].filter((member) => member !== user).sort();
  const names = others.slice(0, 12).map((member) =>
    make("button", { type: "button", class: "name", title: `Write to the mailbox of ${member}`, onclick: () => visit(`@${member}`) }, member));
  const about = open.own ? ["Anyone may write to it, and you alone read it."]
    : !open.readable ? [`You may write to it, and ${open.name.slice(1)} alone reads it.`]
    : open.name === LIVE ? ["The server says each second how it is."]
    : others.length ? ["Here: you, ", ...names.flatMap((name, at) => (at ? [", ", name] : [name])), others.length > 12 ? ` and ${others.length - 12} more` : ""]
    : ["You are alone here."];
  at("about").replaceChildren(...about);
}

function typing(channel, from) {
  if (!channel) return;
  channel.typing.set(from, performance.now() + TYPING);
  if (channel === open) showTyping();
  setTimeout(() => channel === open && showTyping(), TYPING + 50);
}

function showTyping() {
  const names = [...open.typing].filter(([, until]) => until > performance.now()).map(([name]) => name);
  at("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing …` : "";
}

function showWaiting({ stored = [] } = {}) {
  if (!socket || !open) return;
  for (const { channel, body } of stored) // nobody sends us what we wrote to a mailbox of another user
    if (!channels.get(channel)?.readable)
      channels.get(channel)?.add({ from: user, at: Date.now() / 1000, text: textOf(JSON.parse(body)) });
  const waiting = socket.waiting;
  at("waiting").replaceChildren(...waiting.filter(({ channel }) => channel === open.name).map(({ body }) =>
    make("li", {}, make("p", { class: "text" }, textOf(JSON.parse(body))), make("small", {}, "waits for the server"))));
}

// -- writing ---------------------------------------------------------------------------------------------------

at("compose").onsubmit = (event) => {
  event.preventDefault();
  const field = at("text"), text = field.value.trim();
  at("problem").textContent = "";
  if (!text || !socket) return;
  try {
    socket.publish(open.name, { text });
    field.value = "";
  } catch (error) { // too large, or the outbox is full: the text stays where it is
    at("problem").textContent = `Not sent: ${error.message}.`;
  }
  field.focus();
  at("log").scrollTop = at("log").scrollHeight;
  showWaiting();
};

at("text").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("compose").requestSubmit();
};

let typed = -Infinity;
at("text").oninput = () => {
  if (open.readable && performance.now() - typed > EVERY && socket?.volatile(open.name, { typing: true }, "typing"))
    typed = performance.now();
};

// -- other channels --------------------------------------------------------------------------------------------

at("join").onsubmit = (event) => {
  event.preventDefault();
  const typed = at("room").value.trim().toLowerCase(), name = /^[#@]/.test(typed) ? typed : `#${typed}`;
  const wrong = !/^[#@][a-z0-9_-]{1,32}$/.test(name);
  at("join-problem").textContent = wrong ? "# or @, and 1 to 32 of a–z, 0–9, _ and -" : "";
  if (wrong) return;
  at("room").value = "";
  visit(name);
};

function visit(name) {
  if (!channels.has(name)) {
    const channel = new Channel(name);
    channels.set(name, channel);
    sessionStorage.setItem(`wsdemo.${user}.rooms`, JSON.stringify([...new Set([...rooms(), name])]));
    if (channel.readable) join(channel);
  }
  show(channels.get(name));
  at("text").focus();
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && open) open.count(0); });

at("hood-button").onclick = () => {
  const hidden = (at("hood").hidden = !at("hood").hidden);
  at("hood-button").setAttribute("aria-expanded", String(!hidden));
  document.body.classList.toggle("hooded", !hidden);
  hood?.show(!hidden);
};

start();
