// Takes the pictures of the README from a running page: CUSTOGRAPH_TOKEN=… npm run shots [address]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

const [address = "http://localhost:5173/"] = process.argv.slice(2);
const token = process.env.CUSTOGRAPH_TOKEN;

for (const [theme, locale] of [["light", "en"], ["dark", "zh"]]) {
  const profile = mkdtempSync(`${tmpdir()}/shots-`);
  execFileSync(process.env.CHROMIUM ?? "chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    `--user-data-dir=${profile}`,
    "--window-size=1360,1830",
    "--virtual-time-budget=15000",
    `--screenshot=shots/${theme}-${locale}.png`,
    `${address}#${new URLSearchParams({ token, theme, locale })}`,
  ], { stdio: "ignore" });
  rmSync(profile, { recursive: true, force: true });
}
