// Types every document from the schema: `graphql("query …")` knows its variables and its answer.
import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./__generated__/graphql-env.js";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    CurrencyCode: string;
    Date: `${number}-${number}-${number}`;
    DateTime: `${string}T${string}`;
    Decimal: `${number}`; // exact, and therefore text
    JSON: unknown;
  };
}>();

export { type FragmentOf, readFragment, type ResultOf, type VariablesOf } from "gql.tada";
