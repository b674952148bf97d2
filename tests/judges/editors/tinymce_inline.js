import tinymce from "tinymce";
import "tinymce/icons/default";
import "tinymce/models/dom";
import "tinymce/themes/silver";
import "tinymce/skins/ui/oxide/skin.js";
import "tinymce/skins/ui/oxide/content.js";
import "tinymce/skins/content/default/content.js";

document.getElementById("host").innerHTML = '<div id="area" style="display:inline-block; min-width: 6em">Old text</div>';
await new Promise((done) => tinymce.init({ selector: "#area", inline: true, license_key: "gpl", setup: (editor) => editor.on("init", done) }));
globalThis.judge = { text: () => tinymce.activeEditor.getContent({ format: "text" }).replaceAll("\n\n", "\n") };
