// Four experiments. Each notes what the browser tells, and what it does itself; then Python gets the notes.

let notes = [];

function note(what) {
  notes.push({ at: performance.timeOrigin + performance.now(), what });
  const line = document.createElement("li");
  line.textContent = `${(notes.at(-1).at - notes[0].at).toFixed(0)} ms  ${what}`;
  document.getElementById("log").append(line);
}

function connect(path, url = location.href.replace(/^http/, "ws").replace(/[^/]*$/, path)) {
  note(`new WebSocket("…/${path}")`);
  const ws = new WebSocket(url);
  ws.binaryType = "arraybuffer";
  ws.onopen = () => note("open");
  ws.onerror = () => note("error");
  ws.onmessage = ({ data }) => note(`message ${shown(data)}`);
  return new Promise((done) => {
    ws.addEventListener("open", () => done(ws));
    ws.onclose = ({ code, wasClean }) => {
      note(`close ${code}, ${wasClean ? "clean" : "not clean"}`);
      done(ws);
    };
  });
}

const shown = (data) => (typeof data === "string" ? `"${data}"` : `bytes ${[...new Uint8Array(data)]}`);
const next = (ws, name) => new Promise((done) => ws.addEventListener(name, done, { once: true }));

function send(ws, data) {
  ws.send(data);
  note(`send ${shown(data)}: no error`);
}

function close(ws, ...why) {
  ws.close(...why);
  note(`close(${why.join(", ")}) is called`);
}

const experiments = {
  async life() {
    const ws = await connect("life");
    send(ws, "Hello");
    await next(ws, "message");
    send(ws, new Uint8Array([1, 2, 3]).buffer);
    await next(ws, "message");
    close(ws, 1000, "bye");
    await next(ws, "close");
  },

  async hang() {
    const ws = await connect("hang");
    await next(ws, "message");
    const end = performance.now() + 3000;
    while (performance.now() < end); // nothing else runs in this page now
    note("three seconds are over");
    await next(ws, "message");
    send(ws, "yes");
    await next(ws, "close");
  },

  async vanish() {
    const ws = await connect("vanish");
    close(ws);
    send(ws, "lost");
    await next(ws, "close");
    send(ws, "lost, too");
    note(`bufferedAmount ${ws.bufferedAmount}`);
  },

  async refused() {
    await connect("refused");
    const { port } = await (await fetch("nowhere")).json(); // no server is there
    await connect("nowhere", `ws://${location.hostname}:${port}/`);
  },
};

const names = { life: "1 A short life", hang: "2 Hang for 3 s", vanish: "3 Send after close", refused: "4 Refused" };

async function run(name) {
  const buttons = [...document.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  notes = [];
  document.getElementById("log").replaceChildren();
  document.getElementById("end").textContent = "";
  await experiments[name]();
  await fetch("notes", { method: "POST", body: JSON.stringify({ name, notes }) });
  document.getElementById("end").textContent = "Done. Now run the next cell of the notebook (again).";
  buttons.forEach((button) => { button.disabled = false; });
}

for (const [name, words] of Object.entries(names)) {
  const button = document.createElement("button");
  button.textContent = words;
  button.onclick = () => run(name);
  document.getElementById("buttons").append(button);
}
