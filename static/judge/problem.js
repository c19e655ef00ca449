// The problem's page: the editor, drafts, handing in and watching without leaving the page.

import { Drafts } from "./drafts.js";
import { follow } from "./report.js";
import { render, shown, startRun } from "./runs.js";

const form = document.getElementById("solution");
const textarea = form.elements.source;
const select = form.elements.language;
const watch = document.getElementById("watch");
const error = document.getElementById("solution-error");
const starters = JSON.parse(document.getElementById(form.dataset.starters).textContent);
const drafts = new Drafts(form.dataset.problem);

let language = select.value;
let submitting = false;

function textFor(code) {
  return drafts.load(code) ?? starters[code]?.source ?? "";
}

if (!textarea.value) textarea.value = textFor(language);
let editor = null;
import("./editor.js").then(({ createEditor }) => {
  editor = createEditor(textarea, {
    language: starters[language]?.editor,
    label: "Your code. Tab indents; Escape, then Tab, leaves the editor.",
    onSubmit: () => form.requestSubmit(),
  });
  document.getElementById("editor-keys").hidden = false;
});

textarea.addEventListener("input", () => drafts.save(language, textarea.value));

select.addEventListener("change", () => {
  const untouched = textarea.value.trim() === "" || textarea.value === (starters[language]?.source ?? "");
  drafts.save(language, untouched ? "" : textarea.value);
  language = select.value;
  const text = textFor(language);
  if (editor) {
    editor.setText(text);
    editor.setLanguage(starters[language]?.editor);
  } else {
    textarea.value = text;
  }
});

const run = document.getElementById("run");
run.addEventListener("click", async () => {
  if (run.getAttribute("aria-busy")) return;
  const box = document.getElementById("ran");
  document.getElementById("try").open = true;
  run.setAttribute("aria-busy", "true");
  box.textContent = "Running…";
  // On a small screen the editor stands above it.
  box.scrollIntoView({ block: "nearest" });
  try {
    const state = await startRun(run.dataset.url, {
      csrf: form.elements.csrfmiddlewaretoken.value,
      language,
      source: textarea.value,
      stdin: document.getElementById("stdin").value,
    });
    render(box, shown(state));
  } catch (problem) {
    box.textContent = problem instanceof TypeError ? "The server cannot be reached." : problem.message;
  } finally {
    run.removeAttribute("aria-busy");
    box.scrollIntoView({ block: "nearest" });
  }
});

addEventListener("keydown", (event) => {
  if (event.key === "'" && (event.ctrlKey || event.metaKey)) run.click();
});

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === textarea) form.requestSubmit();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (submitting) return;
  submitting = true;
  error.hidden = true;
  const button = form.querySelector("button.button--primary");
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error?.message ?? "That did not work.");
    await show(body.url);
  } catch (problem) {
    error.textContent = problem instanceof TypeError ? "The server cannot be reached. Your code is kept here." : problem.message;
    error.hidden = false;
  } finally {
    submitting = false;
    button.removeAttribute("aria-busy");
  }
});

async function show(url) {
  const part = `${url}?part=1`;
  const answer = await fetch(part, { headers: { Accept: "text/html" } });
  if (!answer.ok) {
    location.assign(url);
    return;
  }
  watch.replaceChildren();
  const box = document.createElement("div");
  box.innerHTML = await answer.text();
  const report = box.querySelector(".report");
  Object.assign(box.dataset, { stream: report.dataset.stream, after: report.dataset.after, part });
  if (report.dataset.state === "done") box.dataset.done = "";
  const link = document.createElement("a");
  link.href = url;
  link.className = "small";
  link.textContent = "Open this submission";
  watch.append(box, link);
  watch.scrollIntoView({ block: "nearest" });
  follow(box);
}
