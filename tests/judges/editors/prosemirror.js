import "prosemirror-view/style/prosemirror.css";
import "prosemirror-example-setup/style/style.css";
import { exampleSetup } from "prosemirror-example-setup";
import { schema } from "prosemirror-schema-basic";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

const doc = schema.node("doc", null, [schema.node("paragraph", null, [schema.text("Old text")])]);
const view = new EditorView(document.getElementById("host"), {
  state: EditorState.create({ doc, plugins: exampleSetup({ schema, menuBar: false }) }),
});
globalThis.judge = { text: () => view.state.doc.textBetween(0, view.state.doc.content.size, "\n") };
