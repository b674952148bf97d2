import * as monaco from "monaco-editor";

const host = document.getElementById("host");
host.style.height = "200px";
const editor = monaco.editor.create(host, { value: "Old text", language: "plaintext", editContext: false });
globalThis.judge = { text: () => editor.getValue() };
