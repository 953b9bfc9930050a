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
  const [gone, call] = [once(browser, "exit"), caller(browser.stdio[3], browser.stdio[4])];
  try {
    const url = `${address}#${new URLSearchParams({ token, theme, locale })}`;
    writeFileSync(`shots/${theme}-${locale}.png`, await picture(call, url), "base64");
  } finally {
    call("Browser.close");
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The page once it is live and nothing of it is still asked for, as base64. */
async function picture(call, url) {
  const { targetId } = await call("Target.createTarget", { url });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  const expression = "document.querySelector('.state.live') !== null && document.querySelector('[aria-busy=true]') === null";
  for (let tries = 0; tries < 120; tries++) {
    await pause(500);
    if ((await call("Runtime.evaluate", { expression }, sessionId)).result.value) {
      return (await call("Page.captureScreenshot", {}, sessionId)).data;
    }
  }
  throw new Error(`${address} is not live after a minute: does it answer, and is CUSTOGRAPH_TOKEN good?`);
}

/** Calls over the browser's pipes, whose messages end with NUL. */
function caller(to, from) {
  const waiting = new Map();
  let rest = "";
  from.setEncoding("utf8").on("data", (chunk) => {
    const messages = (rest + chunk).split("\0");
    rest = messages.pop();
    for (const { id, result, error } of messages.map(JSON.parse)) {
      if (error) waiting.get(id)?.reject(new Error(error.message));
      else waiting.get(id)?.resolve(result);
    }
  });
  return (method, params = {}, sessionId = undefined) => {
    const id = waiting.size + 1;
    to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}
