// Sealed messages in a browser, as wsdemo/patterns/sealed.py makes and opens them: X25519, HKDF-SHA256, AES-256-GCM.
//
//     const mine = await keyPair();                                  mine.publicKey: 32 bytes for the other side
//     const sealer = await Sealer.make(mine, theirs, "bob", "ann");
//     socket.send(JSON.stringify(await sealer.seal("hello")));       {n: 1, box: "…"}
//     await sealer.open(message)                                     the text, or an Error
//
// `crypto.subtle` exists only on https:// and on this machine. The private key can't be read, not even by this page.
// Nothing here helps against a server that hands out other keys, or another copy of this file: compare `fingerprint`.

const LABEL = new TextEncoder().encode("wsdemo sealed v1");
const BLOCK = 256; // the length of a padded text is a multiple
const TAG = 16; // bytes that AES-GCM adds
const used = new WeakMap(); // by key pair: the public keys of the others it has a Sealer for

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const base64 = (data) => btoa(Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join(""));

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((start, part) => (whole.set(part, start), start + part.length), 0);
  return whole;
}

function sorted(first, second) {
  const i = first.findIndex((byte, at) => byte !== second[at]);
  return i < 0 || first[i] < second[i] ? [first, second] : [second, first];
}

export async function keyPair() {
  const pair = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

// 60 digits that both sides see only if each has the other's public key.
export async function fingerprint(first, second) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", join(LABEL, ...sorted(first, second))));
  const group = (i) => digest.subarray(5 * i, 5 * i + 5).reduce((number, byte) => number * 256 + byte, 0) % 100000;
  return Array.from({ length: 12 }, (_, i) => String(group(i)).padStart(5, "0")).join(" ");
}

export class Sealer {
  #out; #in; #me; #them;
  #sent = 0;
  #seen = 0;
  #turn = Promise.resolve(); // messages are opened one after the other: no number is looked at twice

  static async make(mine, theirs, me, them) {
    const name = base64(theirs);
    const others = used.get(mine) ?? new Set();
    if (name === base64(mine.publicKey)) throw new Error("the public key is our own, expected that of the other side");
    if (others.has(name)) throw new Error("these two keys have a Sealer already: make a new key pair");
    used.set(mine, others.add(name));
    const sealer = new Sealer();
    const other = await crypto.subtle.importKey("raw", theirs, "X25519", true, []);
    const secret = await crypto.subtle.deriveBits({ name: "X25519", public: other }, mine.privateKey, 256);
    const shared = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
    const salt = join(...sorted(mine.publicKey, theirs));
    const key = (sender, receiver) => crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info: join(LABEL, sender, receiver) },
      shared, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
    );
    sealer.#out = await key(mine.publicKey, theirs);
    sealer.#in = await key(theirs, mine.publicKey);
    [sealer.#me, sealer.#them] = [me, them];
    return sealer;
  }

  async seal(text) {
    if (!text.isWellFormed()) throw new Error("a text with a lone surrogate");
    const n = ++this.#sent;
    const data = join(new TextEncoder().encode(text), [0x80]); // ISO/IEC 7816-4
    const padded = join(data, new Uint8Array((BLOCK - (data.length % BLOCK)) % BLOCK));
    return { n, box: base64(await crypto.subtle.encrypt(cipher(this.#me, this.#them, n), this.#out, padded)) };
  }

  open(message) {
    const opened = this.#turn.then(() => this.#open(message));
    this.#turn = opened.catch(() => {});
    return opened;
  }

  async #open({ n, box }) {
    if (!Number.isSafeInteger(n) || n <= this.#seen) throw new Error(`message ${n}, expected a number above ${this.#seen}`);
    const data = bytes(box);
    if (data.length < BLOCK + TAG || base64(data) !== box) throw new Error(`message ${n}: no box`);
    const padded = new Uint8Array(await crypto.subtle.decrypt(cipher(this.#them, this.#me, n), this.#in, data));
    const end = padded.findLastIndex((byte) => byte !== 0);
    if (padded[end] !== 0x80 || padded.length % BLOCK || padded.length - end > BLOCK) throw new Error("no padding");
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(padded.subarray(0, end));
    this.#seen = n;
    return text;
  }
}

// The nonce is the number; names and number are authenticated beside the text.
function cipher(sender, receiver, n) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(n));
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(JSON.stringify([sender, receiver, n])) };
}
