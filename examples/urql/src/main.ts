// Prints the dashboard, then the names of the customers, page by page.
import { WebSocket } from "ws";
import { custograph } from "./client.js";
import { ASK, Customers, Dashboard } from "./dashboard.js";
import { card } from "./words.js";

const { CUSTOGRAPH_URL: url = "http://127.0.0.1:8000/graphql", CUSTOGRAPH_TOKEN: token = "" } = process.env;
const [first = "20"] = process.argv.slice(2); // rows of a page
const client = custograph({ url, token, webSocketImpl: WebSocket });

async function cards(): Promise<void> {
  const { data, error } = await client.query(Dashboard, { ask: ASK });
  if (error) throw error;
  for (const kpi of data?.kpis ?? []) if (kpi) console.log(card(kpi));
}

/** Each page is asked for after the one before; the cache puts them together, so that the last answer has them all. */
async function customers(first: number): Promise<void> {
  let after: string | null = null;
  for (;;) {
    const { data, error }: Awaited<ReturnType<typeof page>> = await page(first, after);
    if (error) throw error;
    if (!data?.customers) return;
    const { nodes, pageInfo } = data.customers;
    if (!pageInfo.hasNextPage) {
      console.log(`\n${nodes.length} customers`);
      for (const { name, externalIds } of nodes) console.log(`  ${name ?? externalIds[0]?.externalId ?? ""}`);
      return;
    }
    after = pageInfo.endCursor;
  }
}

const page = (first: number, after: string | null) => client.query(Customers, { first, after }).toPromise();

try {
  await cards();
  await customers(Number(first));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
