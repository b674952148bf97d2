import "quill/dist/quill.snow.css";
import Quill from "quill";

const quill = new Quill("#host", { theme: "snow" });
quill.setText("Old text\n");
globalThis.judge = { text: () => quill.getText() };
