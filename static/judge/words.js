// What a submission's events say, in words; pure, so that node can test it.

/** The words for a state, as templates/judge show them. */
export function words(state) {
  if (state.state === "queued") return state.waiting_reason ? "Waiting" : "Queued";
  if (state.state === "compiling") return "Compiling";
  if (state.state === "running") return `Running ${state.tests_done} of ${state.tests_total}`;
  return state.failed_test && state.verdict !== "PT" ? `${state.verdict_name} on test ${state.failed_test}` : state.verdict_name;
}

/** The newest state of a batch of events, or null where none tells one. */
export function newest(events) {
  const states = events.filter((event) => event.type === "submission.state");
  return states.length ? states[states.length - 1].data : null;
}

export function isDone(state) {
  return state.state === "done";
}
