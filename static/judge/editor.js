// The code editor over a textarea: without it the textarea itself is the editor.

import {
  Compartment,
  EditorState,
  EditorView,
  HighlightStyle,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  defaultKeymap,
  highlightActiveLine,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  languages,
  lineNumbers,
  syntaxHighlighting,
  tags,
} from "./vendor/codemirror.js";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: "var(--code-comment)" },
  {
    tag: [tags.function(tags.variableName), tags.definition(tags.variableName), tags.className, tags.typeName],
    color: "var(--code-name)",
  },
]);

const look = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--ink)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    overflow: "hidden",
    fontSize: "var(--text-sm)",
  },
  "&.cm-focused": { outline: "2px solid var(--action)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-faint)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--action-tint)" },
});

/** Put an editor in the place of the textarea; the textarea keeps the text for the form. */
export function createEditor(textarea, { language, onSubmit, label }) {
  const grammar = new Compartment();
  const host = document.createElement("div");
  host.className = "editor";
  // Into a document CodeMirror writes a <style>, which the Content-Security-Policy forbids; into a shadow root it adopts
  // a style sheet, which is no inline style.
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: () => (onSubmit(), true) }]),
        lineNumbers(),
        highlightActiveLine(),
        history(),
        bracketMatching(),
        closeBrackets(),
        indentOnInput(),
        indentUnit.of("    "),
        look,
        syntaxHighlighting(colours),
        // Escape, then Tab, leaves the editor by keyboard.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        grammar.of([]),
        EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          textarea.value = view.state.doc.toString();
          textarea.dispatchEvent(new Event("input", { bubbles: true }));
        }),
      ],
    }),
  });
  textarea.hidden = true;
  textarea.after(host);

  async function setLanguage(name) {
    const load = languages[name];
    view.dispatch({ effects: grammar.reconfigure(load ? await load() : []) });
  }

  function setText(text) {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }

  setLanguage(language);
  return { setLanguage, setText, focus: () => view.focus() };
}
