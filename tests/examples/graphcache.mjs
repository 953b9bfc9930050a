// Shows whether components of one page can share Graphcache as the kit sets it up: each watches a query, and they
// settle when none takes from another what it has. Afterwards something is written, or one more component asks for what
// should be there already. What they show then stands beside what the server answers without a cache.
import { readFileSync, writeSync } from "node:fs";
import { gql } from "@urql/core";
import { pipe, subscribe } from "wonka";
import { WebSocket } from "ws";
import { custograph } from "./dist/client.js";

const { server, pages } = JSON.parse(readFileSync(0, "utf8"));
const QUIET = 500; // milliseconds without a request
const QUARREL = 12; // requests

const complaints = [];
for (const level of ["debug", "warn", "error"]) console[level] = (...words) => complaints.push(words.join(" "));

let waiting = 0;
const asked = new Map();
const plain = globalThis.fetch;
globalThis.fetch = async (address, init) => {
  const page = new URL(address).hash;
  asked.set(page, (asked.get(page) ?? 0) + 1);
  waiting += 1;
  try {
    return await plain(address, init);
  } finally {
    waiting -= 1;
  }
};
const bare = (data) =>
  JSON.parse(JSON.stringify(data ?? null, (key, value) => (key === "__typename" ? undefined : value)));
const total = () => [...asked.values()].reduce((sum, count) => sum + count, 0);
const settled = async () => {
  for (let before = -1; before < total() && Math.max(0, ...asked.values()) < QUARREL;) {
    before = total();
    do await new Promise((resolve) => setTimeout(resolve, QUIET));
    while (waiting);
  }
};
const plainly = async (query) => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token}` };
  return (await (await plain(server.url, { method: "POST", headers, body: JSON.stringify({ query }) })).json()).data;
};

const watching = (client, query) => {
  const component = { query, shown: null, error: null };
  pipe(
    client.query(gql(query), {}),
    subscribe(({ data, error, stale }) => {
      component.shown = stale ? null : bare(data);
      component.error = error?.message ?? null;
    }),
  );
  return component;
};
const shown = pages.map(({ watched, later, written }, number) => {
  const client = custograph({ ...server, url: `${server.url}#${number}`, webSocketImpl: WebSocket });
  const components = watched.map((query) => watching(client, query));
  return { name: `#${number}`, client, components, later, written };
});
await settled();
for (const page of shown) {
  page.requests = asked.get(page.name);
  if (page.written) await page.client.mutation(gql(page.written), {});
  if (page.later) page.components.push(watching(page.client, page.later));
}
await settled();
for (const page of shown) for (const component of page.components) component.answered = await plainly(component.query);
const told = shown.map(({ name, components, requests }) => ({
  components,
  requests,
  afterwards: asked.get(name) - requests,
}));
writeSync(1, JSON.stringify({ pages: told, complaints }));
process.exit();
