// Opens a tab, goes to a page, reads it, saves a picture of it, and prints what happens meanwhile.
//
//     node dist/examples/first-page.js [WS_URL] [PAGE_URL] [PICTURE.png]
import { writeFile } from "node:fs/promises";
import { Bridge, BridgeError } from "cdp-bridge-client";

const [url = "ws://127.0.0.1:9333/ws", page = "https://example.com/", picture = "page.png"] = process.argv.slice(2);
const token = process.env["CDP_BRIDGE_AUTH_TOKEN"];
const bridge = await Bridge.connect(url, token === undefined ? {} : { token });
console.log(`connected to ${bridge.welcome.server} with ${bridge.welcome.browser}`);

const events = bridge.events();
const printing = (async () => {
  for await (const event of events) {
    if ("id" in event) console.log(`  ${event.type} ${event.id}`, "url" in event ? event.url : "");
    else console.log(`  ${event.type}`);
  }
})();

try {
  const tab = await bridge.createTab();
  const { url: arrived, status } = await bridge.navigate({ tabId: tab.id, url: page });
  console.log(`${tab.id} is at ${arrived} (HTTP ${status})`);
  // It is answered as soon as the page is there; what is in it comes until it has loaded.
  await bridge.waitFor({ tabId: tab.id, loadState: "load" });
  const { snapshot } = await bridge.getDomSnapshot({ tabId: tab.id });
  console.log(`its DOM has ${snapshot.length} characters`);
  const { data, width, height } = await bridge.getScreenshot({ tabId: tab.id, format: "png" });
  await writeFile(picture, data);
  console.log(`${picture}: ${width}×${height}, ${data.length} bytes`);
  await bridge.closeTab({ tabId: tab.id });
} catch (error) {
  if (!(error instanceof BridgeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await bridge.close();
  await printing;
}
