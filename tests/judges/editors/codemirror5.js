import "codemirror5/lib/codemirror.css";
import CodeMirror from "codemirror5";

const editor = CodeMirror(document.getElementById("host"), { value: "Old text", lineNumbers: true });
globalThis.judge = { text: () => editor.getValue() };
