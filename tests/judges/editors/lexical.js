import { createEmptyHistoryState, registerHistory } from "@lexical/history";
import { registerRichText } from "@lexical/rich-text";
import { $createParagraphNode, $createTextNode, $getRoot, createEditor } from "lexical";

const host = document.getElementById("host");
host.contentEditable = "true";
const editor = createEditor({ namespace: "judge", onError: (error) => { throw error; } });
editor.setRootElement(host);
registerRichText(editor);
registerHistory(editor, createEmptyHistoryState(), 300);
editor.update(() => { $getRoot().append($createParagraphNode().append($createTextNode("Old text"))); });
globalThis.judge = { text: () => editor.getEditorState().read(() => $getRoot().getTextContent()).replaceAll("\n\n", "\n") };
