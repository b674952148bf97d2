import { basicSetup, EditorView } from "codemirror";

const view = new EditorView({ doc: "Old text", extensions: [basicSetup], parent: document.getElementById("host") });
globalThis.judge = { text: () => view.state.doc.toString() };
