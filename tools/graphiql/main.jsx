// The page at /: GraphiQL on /graphql, with what the server wrote into it: a token in the demonstration, and the
// first queries.

// statically, so that Monaco's styles come into main.css before GraphiQL's
import { editor } from "monaco-graphql/esm/monaco-editor.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./main.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

const { token, queries } = JSON.parse(document.getElementById("setup").textContent);

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = ["graphql", "json"].includes(label) ? label : "editor";
    return new Worker(new URL(`./${name}.worker.js`, import.meta.url), { type: "module", name });
  },
};

// × and Chinese punctuation are meant, not mistaken for x and a comma.
editor.onDidCreateEditor((made) => made.updateOptions({ unicodeHighlight: { ambiguousCharacters: false } }));

// The page's token stands in where the Headers tab names none. It is never shown, nor kept by the browser.
const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  subscriptionUrl: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
  wsConnectionParams: token ? { Authorization: `Bearer ${token}` } : {},
  fetch(address, request) {
    const headers = new Headers(request.headers);
    if (token && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return fetch(address, { ...request, headers, credentials: "omit" });
  },
});

// What is remembered is ours, not that of another GraphiQL on the same address, and holds no headers: they are secrets.
const prefix = "custograph:";
const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem(key, value) {
    localStorage.setItem(prefix + key, withoutHeaders(value));
  },
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear() {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  },
};

function withoutHeaders(value) {
  try {
    const kept = JSON.parse(value, (name, inner) => (name === "headers" ? null : inner));
    return typeof kept === "object" ? JSON.stringify(kept) : value;
  } catch {
    return value;
  }
}

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={queries.map((query) => ({ query }))}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    inputValueDeprecation
  >
    <GraphiQL.Logo>
      <span className="name">Custograph</span>
      <span className="sign-in">
        {token ? "signed in to the demonstration" : 'sign in under Headers: {"Authorization": "Bearer …"}'}
      </span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
