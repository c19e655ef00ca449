// A statement's line from an event of the wallet's stream. Pure: the DOM is in wallet.js.

const WORDS = {
  transfer: ["Sent to", "Received from"],
  reversal: ["Reversed to", "Reversed from"],
  top_up: ["Returned to", "Added from"],
  withdrawal: ["Withdrawn to", "Withdrawn from"],
  withdrawal_return: ["Returned to", "Withdrawal returned by"],
  plan: ["Paid for", "Refunded by"],
  prize: ["Returned to", "Won from"],
  grant: ["Returned to", "Welcome gift from"],
  hold: ["Put on", "Put on"],
  capture: ["Paid to", "Received from"],
  release: ["Back from", "Back from"],
};

/** What the page shows of a `transfer.posted` event. */
export function lineOf(data) {
  const isIn = data.amount_paise > 0;
  const [out, into] = WORDS[data.kind] ?? ["To", "From"];
  return {
    isIn,
    url: data.url,
    title: `${isIn ? into : out} ${data.other}`,
    amount: `${isIn ? "+" : "-"}${data.amount}`,
    at: data.at,
    note: data.note,
  };
}

/** The new lines of some events, newest first, without those that the page shows already, and the balance after them. */
export function newsOf(events, shownUrls) {
  const posted = events.filter((event) => event.type === "transfer.posted").map((event) => event.data);
  return {
    lines: posted.map(lineOf).filter((line) => !shownUrls.has(line.url)).reverse(),
    balance: posted.at(-1)?.balance ?? null,
  };
}
