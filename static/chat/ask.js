// A question in a dialog: resolves to what was written ("" where nothing is to be), or null when it was cancelled.

/**
 * `words` explain, `quote` says about what. With a `label` there is a field that holds `text`. `past` is a list of
 * {title, text} to read, and then there is nothing to answer but `yes`.
 */
export function ask({ title, words = "", quote = "", label = "", text = "", past = [], yes = "OK", isDanger = false }) {
  const dialog = document.getElementById("ask");
  const field = document.getElementById("ask-text");
  dialog.querySelector("#ask-title").textContent = title;
  show(dialog.querySelector("#ask-words"), words);
  show(dialog.querySelector("#ask-quote"), quote);
  const list = dialog.querySelector("#ask-past");
  list.hidden = past.length === 0;
  list.replaceChildren(...past.flatMap((one) => [element("dt", one.title), element("dd", one.text)]));
  dialog.querySelector("#ask-field").hidden = !label;
  dialog.querySelector("#ask-field label").textContent = label;
  dialog.querySelector("#ask-no").hidden = past.length > 0;
  const button = dialog.querySelector("#ask-yes");
  button.textContent = yes;
  button.classList.toggle("button--danger", isDanger);
  button.classList.toggle("button--primary", !isDanger);
  field.value = text;
  dialog.returnValue = "";
  dialog.showModal();
  if (label) field.focus();
  else if (past.length) list.scrollTop = 0;
  field.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.close("yes");
  };
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" ? field.value : null);
  });
}

function show(line, text) {
  line.textContent = text;
  line.hidden = !text;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
