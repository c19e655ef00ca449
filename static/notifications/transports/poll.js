// Long polling: each request waits until something comes, and the next one goes on from there.

import { HttpTransport, answersOf, eventsPath } from "./http.js";

const WAIT_SECONDS = 25;
const ANSWER_WITHIN_MS = 40000;

export class PollTransport extends HttpTransport {
  kind = "poll";

  async receive(streams, signal) {
    const cursors = streams.map((stream) => this.subscriptions.cursor(stream)).join(",");
    // The first one does not wait: its answer shows that polling works.
    const wait = this.waitingGroups.has(streams) ? 0 : WAIT_SECONDS;
    const body = await this.getJson(eventsPath(streams, `?after=${cursors}&wait=${wait}`), signal, ANSWER_WITHIN_MS);
    if (signal.aborted) return;
    for (const { stream, seq, reset, events } of answersOf(body)) {
      // What follows a reset in the same answer is newer than the number it starts from.
      if (reset) this.subscriptions.reset(stream, events.length ? events[0].seq - 1 : seq);
      this.subscriptions.deliver(stream, events);
    }
    this.started(streams);
  }
}
