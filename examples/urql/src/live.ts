// Prints the dashboard, and each line again when it changes, until it is stopped.
import { pipe, subscribe } from "wonka";
import { WebSocket } from "ws";
import { custograph } from "./client.js";
import { ASK, Dashboard, Live } from "./dashboard.js";
import { card } from "./words.js";

const { CUSTOGRAPH_URL: url = "http://127.0.0.1:8000/graphql", CUSTOGRAPH_TOKEN: token = "" } = process.env;
const client = custograph({ url, token, webSocketImpl: WebSocket });
const printed: string[] = [];

function complain(error: Error | undefined): void {
  if (error) console.error(error.message);
}

pipe(
  client.query(Dashboard, { ask: ASK }),
  subscribe(({ data, error }) => {
    complain(error);
    for (const [place, kpi] of (data?.kpis ?? []).entries()) {
      const line = kpi ? card(kpi) : "";
      if (line !== (printed[place] ?? "")) console.log(line);
      printed[place] = line;
    }
  }),
);

// what they tell goes into the cache, and from there to whoever shows it
for (const ask of ASK)
  pipe(
    client.subscription(Live, ask),
    subscribe(({ error }) => complain(error)),
  );
