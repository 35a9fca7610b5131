/* Each message of a channel drawn once and in order, from where this tab has stopped; as in reading.py.

     join {after: 7} ──► ok ──► 8 ──► draw ──► the offset 8 is stored ──► 9 …

   What is missing is told. Knows nothing of connections. */

export class Reading {
  #storage; #name; #draw; #tell;
  #places; // by channel: epoch, and the offset of the last message that was drawn

  constructor(storage, name, draw, tell) {
    [this.#storage, this.#name, this.#draw, this.#tell] = [storage, name, draw, tell];
    this.#places = new Map(Object.entries(JSON.parse(storage.getItem(name)) ?? {}));
  }

  /** What to ask for in a join; `after`: where the channel is new here. */
  from(channel, after) {
    const place = this.#places.get(channel);
    return place ? { epoch: place.epoch, after: place.offset } : { after };
  }

  /** A join is answered. True: join again, for the `latest` messages of a channel that was new here. */
  joined({ channel, epoch, after }, ok, latest) {
    const known = this.#places.has(channel), complete = ok.complete && (epoch ?? ok.epoch) === ok.epoch;
    if (!complete) this.#tell("incomplete", { channel, after });
    if (!complete) this.#place(channel, ok.epoch, 0);
    else if (!known) this.#place(channel, ok.epoch, after ?? Math.max(0, ok.offset - latest));
    this.#tell("joined", { ...ok, channel });
    return complete && !known && latest > 0 && after === undefined;
  }

  /** What came before is passed over. What can't be drawn is told, and does not come again. */
  message(message) {
    const { channel, offset } = message, place = this.#places.get(channel);
    if (offset <= place.offset) return;
    try {
      this.#draw(message);
    } catch (error) {
      this.#tell("parked", { message, error });
    }
    this.#place(channel, place.epoch, offset);
  }

  gap(gap) {
    const { epoch, offset } = this.#places.get(gap.channel);
    this.#tell("gap", gap);
    if (gap.why === "expired" && gap.to > offset) this.#place(gap.channel, epoch, gap.to);
  }

  #place(channel, epoch, offset) {
    this.#places.set(channel, { epoch, offset });
    this.#storage.setItem(this.#name, JSON.stringify(Object.fromEntries(this.#places)));
  }
}
