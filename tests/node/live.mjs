// Follows one KPI through real clients, each by a transport of its own, while this program records answers: what each
// of them was told, in order.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { cacheExchange, Client, fetchExchange } from "@urql/core";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import { given, signedIn, tell, token, url } from "./api.mjs";

const FOLLOW = "subscription { kpiChanged(key: CSAT, period: {named: ALL_TIME}) { id display } }";
const RECORD = "mutation($row: FeedbackRecordInput!) { feedbackRecord(input: $row) { outcome } }";
const authorization = `Bearer ${token}`;

const ws = createWs({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: { Authorization: authorization } });
const sse = createSse({ url, headers: { authorization } });
const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, fetch: signedIn }) });
const urql = new Client({ url, fetch: signedIn, exchanges: [cacheExchange, fetchExchange], fetchSubscriptions: true, preferGetMethod: false });

const WAYS = {
  "graphql-ws": (next) => ws.subscribe({ query: FOLLOW }, { next, error: next, complete() {} }),
  "graphql-sse": (next) => sse.subscribe({ query: FOLLOW }, { next, error: next, complete() {} }),
  apollo: (next) => {
    const following = apollo.subscribe({ query: gql(FOLLOW) }).subscribe({ next, error: next });
    return () => following.unsubscribe();
  },
  urql: (next) => urql.subscription(FOLLOW, {}).subscribe(next).unsubscribe,
};

const told = {};
const enough = async (many) => {
  const until = Date.now() + 20_000;
  while (Object.values(told).some((one) => one.length < many) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const stops = Object.entries(WAYS).map(([name, follow]) => {
  told[name] = [];
  return follow((result) => told[name].push(result.data?.kpiChanged?.display ?? String(result.error ?? JSON.stringify(result))));
});
await enough(1);
for (const [number, score] of given.scores.entries()) {
  const row = { externalId: `live${number}`, kind: "CSAT", score, occurredAt: "2026-06-01T12:00:00Z" };
  const headers = { "content-type": "application/json" };
  await signedIn(url, { method: "POST", headers, body: JSON.stringify({ query: RECORD, variables: { row } }) });
  await enough(number + 2);
}
for (const stop of stops) stop();
await ws.dispose();
sse.dispose();
tell(told);
process.exit(0);
