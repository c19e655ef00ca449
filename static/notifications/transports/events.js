// Server-Sent Events: one response for all streams. Read by fetch, because EventSource tells no status.

import { BadStatus, HttpTransport } from "./http.js";
import { restartMilliseconds } from "../backoff.js";
import { refusal } from "../calls.js";
import { REVOKED } from "./socket.js";
import { EventStreamParser, inOrder } from "./parser.js";

/** The server writes at once when a response begins: what is silent for so long is held back by a proxy. */
const BEGIN_WITHIN_MS = 5000;
/** The server's heartbeat comes every 15 s. */
const SILENCE_MS = 40000;
const SIGN_IN = 4001;

export class EventsTransport extends HttpTransport {
  kind = "events";

  async receive(streams, signal) {
    const broken = new AbortController();
    let silence = setTimeout(() => broken.abort(), BEGIN_WITHIN_MS);
    try {
      const cursors = streams.map((stream) => this.subscriptions.cursor(stream)).join(",");
      const response = await this.fetch(`${this.base}/streams/${streams.map(encodeURIComponent).join(",")}/sse`, {
        headers: { Accept: "text/event-stream", "Last-Event-ID": cursors },
        cache: "no-store",
        signal: AbortSignal.any([signal, broken.signal]),
      });
      if (!response.ok) throw new BadStatus(response.status);
      const parser = new EventStreamParser();
      const text = new TextDecoder();
      let hasBegun = false;
      for await (const chunk of chunksOf(response)) {
        clearTimeout(silence);
        silence = setTimeout(() => broken.abort(), SILENCE_MS);
        this.take(streams, parser.feed(text.decode(chunk, { stream: true })));
        if (signal.aborted) return;
        if (!hasBegun) this.started(streams);
        hasBegun = true;
      }
      if (!hasBegun) throw new Error("the response ended before it began");
    } finally {
      clearTimeout(silence);
    }
    // Ended by the server, which restarts or found us too slow: any other one goes on from our cursors.
    await new Promise((resolve) => setTimeout(resolve, restartMilliseconds()));
  }

  take(streams, messages) {
    for (const { control, stream, events, seq } of inOrder(streams, messages)) {
      if (events) this.subscriptions.deliver(stream, events);
      else if (control === "reset") this.subscriptions.reset(stream, seq);
      else if (control === "signed_out") this.end(SIGN_IN);
      else {
        this.subscriptions.refused(stream, refusal("revoked", REVOKED));
        this.follow();
      }
    }
  }
}

async function* chunksOf(response) {
  const reader = response.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value;
}
