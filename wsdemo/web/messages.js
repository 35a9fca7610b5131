/* Texts of the protocol wsdemo.chat.v1 that a page writes, refused here where the server would refuse them. */

export const PROTOCOL = "wsdemo.chat.v1", VERSION = 1;
const DEPTH = 32; // of lists and objects inside each other
const CHANNEL = /^[#@][a-z0-9_-]{1,32}$/;

export const bytes = (text) => new TextEncoder().encode(text).length;

/** `body` is JSON already, since an outbox keeps it so. */
export const published = (n, { channel, body }) =>
  `{"type":"publish","n":${n},"channel":${JSON.stringify(channel)},"body":${body}}`;

export function volatile(channel, body, key) {
  const text = `{"type":"volatile","channel":${encode(channel)},"body":${encode(body)}`;
  return key === undefined ? `${text}}` : `${text},"key":${encode(key)}}`;
}

export function checkChannel(name) {
  if (!CHANNEL.test(name)) throw new TypeError(`channel ${name}, expected # or @ and 1 to 32 of a-z 0-9 _ -`);
}

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
