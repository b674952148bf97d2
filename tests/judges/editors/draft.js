import "draft-js/dist/Draft.css";
import { ContentState, Editor, EditorState } from "draft-js";
import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";

let current = null;
const App = () => {
  const [editorState, onChange] = useState(() => EditorState.createWithContent(ContentState.createFromText("Old text")));
  current = editorState;
  return createElement(Editor, { editorState, onChange });
};
createRoot(document.getElementById("host")).render(createElement(App));
globalThis.judge = { text: () => current.getCurrentContent().getPlainText("\n") };
