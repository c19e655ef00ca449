// A question in a dialog: resolves to what was written ("" where nothing is to be), or null when it was cancelled.

/** With a `label` there is a field that holds `text`; without one `text` stands as words of explanation. */
export function ask({ title, label = "", text = "", yes = "OK", isDanger = false, isReadOnly = false }) {
  const dialog = document.getElementById("ask");
  const field = document.getElementById("ask-text");
  dialog.querySelector("#ask-title").textContent = title;
  dialog.querySelector("#ask-words").textContent = label ? "" : text;
  dialog.querySelector("#ask-field").hidden = !label;
  dialog.querySelector("#ask-field label").textContent = label;
  dialog.querySelector("#ask-no").hidden = isReadOnly;
  const button = dialog.querySelector("#ask-yes");
  button.textContent = yes;
  button.classList.toggle("button--danger", isDanger);
  button.classList.toggle("button--primary", !isDanger);
  field.value = label ? text : "";
  field.readOnly = isReadOnly;
  dialog.returnValue = "";
  dialog.showModal();
  if (label) field.focus();
  field.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.close("yes");
  };
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" ? field.value : null);
  });
}
