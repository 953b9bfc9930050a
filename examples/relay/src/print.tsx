// Shows the dashboard in a document without a browser, does what a reader might, and prints what stands there then.
import { Window } from "happy-dom";
import { parseArgs } from "node:util";
import { Component, type ReactNode, Suspense } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { WebSocket } from "ws";
import { Dashboard } from "./Dashboard";
import { custograph } from "./environment";

const { CUSTOGRAPH_URL: url = "http://127.0.0.1:8000/graphql", CUSTOGRAPH_TOKEN: token = "" } = process.env;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { live: { type: "boolean" } } });
const [page = "20"] = positionals; // rows of a page

class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? <p role="alert">{this.state.error.message}</p> : this.props.children;
  }
}

const window = new Window();
const { document } = window;
Object.assign(globalThis, { window, document });
globalThis.navigator ??= window.navigator as unknown as Navigator;
const { createRoot } = await import("react-dom/client"); // looks for a document when it is loaded

createRoot(document.body as unknown as Element, { onCaughtError: () => {} }).render(
  <RelayEnvironmentProvider environment={custograph({ url, token, webSocketImpl: WebSocket })}>
    <Boundary>
      <Suspense fallback={<p aria-busy>…</p>}>
        <Dashboard page={Number(page)} />
      </Suspense>
    </Boundary>
  </RelayEnvironmentProvider>,
);

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function settled(): Promise<void> {
  do await pause(20);
  while (!document.body.children.length || document.querySelector("[aria-busy=true], :disabled"));
}

async function press(name: string): Promise<boolean> {
  const button = [...document.querySelectorAll("button")].find(({ textContent }) => textContent === name);
  button?.click();
  await settled();
  return button !== undefined;
}

await settled();
await press("Refresh");
while (await press("More"));

const printed = new Map<number, string>();

function print(): void {
  for (const [place, block] of document.querySelectorAll("article, li, [role=alert]").entries()) {
    const words = [...block.querySelectorAll("h2, strong, span")].map(({ textContent }) => textContent);
    const line = words.join("  ") || block.textContent;
    if (line !== printed.get(place)) console.log(line);
    printed.set(place, line);
  }
}

print();
if (values.live)
  new window.MutationObserver(print).observe(document.body, { subtree: true, childList: true, characterData: true });
else process.exit(document.querySelector("main") ? 0 : 1);
