// Shows whether components of one page can share Relay's store: a page's queries are asked at once, then each is read
// from the store, beside what the server answers without one. At last a figure is asked for again by its id.
// Copied into the kit, it uses the kit's own environment; `pages.ts` has the queries.
import { readFileSync, writeSync } from "node:fs";
import { createOperationDescriptor, fetchQuery, getRequest, type GraphQLTaggedNode } from "relay-runtime";
import { WebSocket } from "ws";
import CardRefetchQuery from "./__generated__/CardRefetchQuery.graphql";
import { custograph, type Place } from "./environment";
import { pages } from "./pages";

const { server, mutation }: { server: Place; mutation: string } = JSON.parse(readFileSync(0, "utf8"));

const complaints: string[] = [];
for (const level of ["warn", "error"] as const) console[level] = (...words) => void complaints.push(words.join(" "));

async function plainly(query: string): Promise<unknown> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token}` };
  const response = await fetch(server.url, { method: "POST", headers, body: JSON.stringify({ query }) });
  return ((await response.json()) as { data: unknown }).data;
}

async function page(asked: GraphQLTaggedNode[], shown: GraphQLTaggedNode[], plain: string[]) {
  const environment = custograph({ ...server, webSocketImpl: WebSocket });
  await Promise.all(asked.map((document) => fetchQuery(environment, document, {}).toPromise()));
  const components = [];
  for (const [place, document] of shown.entries()) {
    const { data, isMissingData } = environment.lookup(createOperationDescriptor(getRequest(document), {}).fragment);
    components.push({ shown: isMissingData ? null : data, answered: await plainly(plain[place] ?? "") });
  }
  return components;
}

async function refetched(asked: GraphQLTaggedNode) {
  const environment = custograph({ ...server, webSocketImpl: WebSocket });
  const told = () => environment.lookup(createOperationDescriptor(getRequest(asked), {}).fragment).data;
  await fetchQuery(environment, asked, {}).toPromise();
  const before = told() as { kpi: { id: string } };
  const { id } = before.kpi;
  await fetchQuery(environment, CardRefetchQuery, { id }).toPromise();
  const again = told();
  await plainly(mutation);
  await fetchQuery(environment, CardRefetchQuery, { id }).toPromise();
  return [before, again, told()];
}

const told = [];
for (const { asked, shown, plain } of pages) told.push(await page(asked, shown, plain));
writeSync(1, JSON.stringify({ pages: told, refetched: await refetched(pages[0]!.asked[0]!), complaints }));
process.exit();
