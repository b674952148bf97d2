// What is done with each editor, and what the editor's own model says afterwards.

const cases = (edit, seen) => [
  ["its text is replaced", [["fill", edit, "New words"]], "New words"],
  ["its text is replaced twice", [["fill", edit, "First"], ["fill", edit, "Second words"]], "Second words"],
  ["its text is removed", [["fill", edit, ""]], ""],
  ["it is filled after it was emptied", [["fill", edit, ""], ["fill", edit, "New words"]], "New words"],
  ["it is filled with lines", [["fill", edit, "one\ntwo"]], "one\ntwo"],
  ["it is filled with what is no letter", [["fill", edit, "a <b> & 日本 😀"]], "a <b> & 日本 😀"],
  ["text is typed at its end", [["click", seen], ["press", edit, "Control+End"], ["type", edit, " and more"]], "Old text and more"],
  ["text is typed after a fill", [["fill", edit, "New words"], ["press", edit, "End"], ["type", edit, "!"]], "New words!"],
  ["a line is begun", [["click", seen], ["press", edit, "Control+End"], ["press", edit, "Enter"], ["type", edit, "next"]], "Old text\nnext"],
  ["lines are typed", [["fill", edit, ""], ["type", edit, "one\ntwo"]], "one\ntwo"],
  ["all is selected and deleted by keys", [["click", seen], ["press", edit, "Control+A"], ["press", edit, "Delete"]], ""],
  ["a word is replaced that was double-clicked", [["doubleClick", seen], ["type", edit, "New"]], ["New text", "Old New"]],
  ["its text is read", [["holds", seen, "Old text"], ["contains", "Old text"]], "Old text"],
  ["what was filled is read", [["fill", edit, "New words"], ["holds", seen, "New words"], ["contains", "New words"]], "New words"],
];

const editors = {
  prosemirror: [".ProseMirror"],
  quill: [".ql-editor"],
  slate: ["[data-slate-editor]"],
  draft: [".public-DraftEditor-content"],
  trix: ["trix-editor"],
  lexical: ["#host"],
  codemirror6: [".cm-content"],
  codemirror5: [".CodeMirror textarea", ".CodeMirror-lines"],
  ace: [".ace_text-input", ".ace_content"],
  monaco: [".native-edit-context", ".view-lines"],
  monaco_textarea: ["textarea.inputarea", ".view-lines"],
  tinymce: ["iframe >> body"],
  tinymce_inline: ["#area"],
};

export const editorCases = Object.fromEntries(
  Object.entries(editors).map(([name, [edit, seen = edit]]) => [
    name,
    cases(edit, seen).map(([what, steps, text]) => [what, steps, "judge.text().trim()", text]),
  ]),
);
