/* Small things for pages: elements are made of texts, never of HTML. */

/** The element with an id. */
export const at = (id) => document.getElementById(id);

/** An element: properties, and children, of which strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name === "class") element.setAttribute("class", value);
    else if (name in element && !tag.startsWith("svg:")) element[name] = value;
    else element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** JSON from this server. Rejects with an error that has the server's words and the status. */
export async function ask(path, fields) {
  const options = fields && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
  const response = await fetch(new URL(path, document.baseURI), { ...options, signal: AbortSignal.timeout(20_000) });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error ?? `the server says ${response.status}`), { status: response.status });
}

/** The URL of a WebSocket of this server, also behind a proxy's path. */
export function socketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
