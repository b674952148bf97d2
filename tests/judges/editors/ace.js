import ace from "ace-builds";

const host = document.getElementById("host");
host.style.height = "200px";
const editor = ace.edit(host);
editor.setValue("Old text", 1);
globalThis.judge = { text: () => editor.getValue() };
