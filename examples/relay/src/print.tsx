// Shows the dashboard in a document without a browser, does what a reader might, and prints what stands there then.
import { Window } from "happy-dom";
import { Component, type ReactNode, Suspense } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { Dashboard } from "./Dashboard";
import { custograph } from "./environment";

const { CUSTOGRAPH_URL: url = "http://127.0.0.1:8000/graphql", CUSTOGRAPH_TOKEN: token = "" } = process.env;
const [page = "20"] = process.argv.slice(2); // rows of a page

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
  <RelayEnvironmentProvider environment={custograph({ url, token })}>
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
for (const block of document.querySelectorAll("article, li, [role=alert]")) {
  const words = [...block.querySelectorAll("h2, strong, span")].map(({ textContent }) => textContent);
  console.log(words.join("  ") || block.textContent);
}
process.exit(document.querySelector("main") ? 0 : 1);
