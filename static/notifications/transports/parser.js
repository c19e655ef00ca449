// The format of Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Pure.

export class EventStreamParser {
  constructor() {
    this.rest = "";
    this.clear();
  }

  /** The messages that are whole now, each {event, data}. */
  feed(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    const messages = [];
    for (const line of lines) this.takeLine(line.replace(/\r$/, ""), messages);
    return messages;
  }

  takeLine(line, messages) {
    if (line === "") {
      if (this.data.length > 0) messages.push({ event: this.event || "message", data: this.data.join("\n") });
      this.clear();
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
  }

  clear() {
    this.event = "";
    this.data = [];
  }
}

/**
 * What the messages of a response for these streams say, in their order: {stream, events} for events that follow each
 * other, {stream, control: "reset" | "revoked", seq} and {control: "signed_out"}.
 */
export function inOrder(streams, messages) {
  const parts = [];
  for (const { event, data } of messages) {
    const value = JSON.parse(data);
    if (event === "signed_out") parts.push({ control: event });
    else if (event === "reset" || event === "revoked") parts.push({ control: event, ...value });
    else {
      const stream = event === "message" ? streams[0] : event;
      const last = parts.at(-1);
      if (last?.events && last.stream === stream) last.events.push(value);
      else parts.push({ stream, events: [value] });
    }
  }
  return parts;
}
