// Takes the pictures of the README from a running page, once it is live: CUSTOGRAPH_TOKEN=… npm run shots [address]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const [address = "http://localhost:5173/"] = process.argv.slice(2);
const token = process.env.CUSTOGRAPH_TOKEN;

for (const [theme, locale] of [["light", "en"], ["dark", "zh"]]) {
  const profile = mkdtempSync(`${tmpdir()}/shots-`);
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1360,1920"];
  const browser = spawn(
    process.env.CHROMIUM ?? "chromium",
    [...flags, `--user-data-dir=${profile}`, "--remote-debugging-pipe"],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const call = caller(browser.stdio[3], browser.stdio[4]);
  const url = `${address}#${new URLSearchParams({ token, theme, locale })}`;
  const { targetId } = await call("Target.createTarget", { url });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  for (let isLive = false, tries = 0; !isLive; await pause(500)) {
    if (++tries > 120) throw new Error(`${address} is not live after a minute: is CUSTOGRAPH_TOKEN good?`);
    const expression = "document.querySelector('.state.live') !== null && document.querySelector('[aria-busy=true]') === null";
    isLive = (await call("Runtime.evaluate", { expression }, sessionId)).result.value;
  }
  const { data } = await call("Page.captureScreenshot", {}, sessionId);
  writeFileSync(`shots/${theme}-${locale}.png`, data, "base64");
  call("Browser.close");
  await once(browser, "exit");
  rmSync(profile, { recursive: true, force: true });
}

/** Calls over the browser's pipes, whose messages end with NUL. */
function caller(to, from) {
  const waiting = new Map();
  let rest = "";
  from.setEncoding("utf8").on("data", (chunk) => {
    const messages = (rest + chunk).split("\0");
    rest = messages.pop();
    for (const { id, result } of messages.map(JSON.parse)) waiting.get(id)?.(result);
  });
  return (method, params = {}, sessionId = undefined) => {
    const id = waiting.size + 1;
    to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve) => waiting.set(id, resolve));
  };
}
