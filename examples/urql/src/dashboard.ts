// What the dashboard asks. Everything that has an `id` is asked for it: by that, components share what they know.
import { graphql, type VariablesOf } from "./graphql.js";

/** A card: the figure of the whole period, how sure it is, and what became of it since the period before. */
export const Card = graphql(`
  fragment Card on KpiResult {
    id
    display
    sampleSize
    interval { id low high }
    definition { id key name }
    comparison { id change display isImprovement }
    target { id state }
  }
`);

/** A line: the same figure month by month. */
export const Trend = graphql(`
  fragment Trend on KpiResult {
    id
    series(grain: MONTH) { id value period { id label } }
  }
`);

/** All of it in one round trip, from one snapshot. */
export const Dashboard = graphql(
  `
    query Dashboard($ask: [KpiInput!]!) {
      kpis(ask: $ask) { ...Card ...Trend }
    }
  `,
  [Card, Trend],
);

/** One of them, told again whenever it has changed; by its `id` the answer to the dashboard changes with it. */
export const Live = graphql(
  `
    subscription Live($key: KpiKey!, $period: PeriodInput!) {
      kpiChanged(key: $key, period: $period) { ...Card ...Trend }
    }
  `,
  [Card, Trend],
);

export const Customers = graphql(`
  query Customers($first: Int!, $after: String) {
    customers(first: $first, after: $after) {
      nodes { id name externalIds { id externalId } }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

export type Ask = VariablesOf<typeof Dashboard>["ask"][number];

const period = { last: { count: 12, grain: "MONTH" } } satisfies Ask["period"];

export const ASK: Ask[] = [
  { key: "CSAT", period },
  { key: "NPS", period },
  { key: "RETENTION_RATE", period },
  { key: "RESPONSE_TIME", period },
  { key: "CAC", period },
  { key: "CLV", period },
];
