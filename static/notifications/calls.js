// Calls that wait for their answer, and how they fail.

export const CALL_TIMEOUT_MS = 15000;

/** The server refused; `code` is stable, `data` holds what it adds. */
export class CallError extends Error {
  constructor({ message, code, data = {} }) {
    super(message);
    this.number = code;
    this.code = data.code ?? "error";
    this.data = data;
  }
}

/** No answer came. A call that was sent may or may not have been carried out; one that was not has not been. */
export class ConnectionLost extends Error {
  constructor({ wasSent }) {
    super(wasSent ? "The connection was lost before an answer came." : "There is no connection; nothing was sent.");
    this.code = "connection_lost";
    this.wasSent = wasSent;
  }
}

/** The result in an answer; throws the CallError that it holds. */
export function resultOf(answer) {
  if (answer.error) throw new CallError(answer.error);
  return answer.result;
}

export class PendingCalls {
  constructor() {
    this.calls = new Map();
    this.nextId = 1;
  }

  get size() {
    return this.calls.size;
  }

  /** A call that `send(id)` sends now; it is lost when no answer comes in time. */
  make(send, timeoutMs = CALL_TIMEOUT_MS) {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const timer = setTimeout(() => this.take(id)?.reject(new ConnectionLost({ wasSent: true })), timeoutMs);
      this.calls.set(id, { resolve, reject, timer });
      send(id);
    });
  }

  answer(message) {
    const call = this.take(message.id);
    if (!call) return;
    if (message.error) call.reject(new CallError(message.error));
    else call.resolve(message.result);
  }

  loseAll() {
    for (const id of [...this.calls.keys()]) this.take(id).reject(new ConnectionLost({ wasSent: true }));
  }

  take(id) {
    const call = this.calls.get(id);
    this.calls.delete(id);
    clearTimeout(call?.timer);
    return call;
  }
}

/** A refusal that no call was answered with: what became of a stream, or of a call that is not worth sending. */
export function refusal(code, message) {
  return new CallError({ message, code: -32000, data: { code } });
}
