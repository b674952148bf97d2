import "trix/dist/trix.css";
import "trix";

document.getElementById("host").innerHTML = '<input id="held" type="hidden" value="Old text"><trix-editor input="held"></trix-editor>';
globalThis.judge = { text: () => document.querySelector("trix-editor").editor.getDocument().toString() };
