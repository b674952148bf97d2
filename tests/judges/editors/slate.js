import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { createEditor, Node } from "slate";
import { withHistory } from "slate-history";
import { Editable, Slate, withReact } from "slate-react";

const editor = withHistory(withReact(createEditor()));
const App = () => {
  const [initialValue] = useState([{ type: "paragraph", children: [{ text: "Old text" }] }]);
  return createElement(Slate, { editor, initialValue }, createElement(Editable, { id: "edit" }));
};
createRoot(document.getElementById("host")).render(createElement(App));
globalThis.judge = { text: () => editor.children.map((node) => Node.string(node)).join("\n") };
