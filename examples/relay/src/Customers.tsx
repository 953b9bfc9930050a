// The customers, a page at a time.
import { graphql, usePaginationFragment } from "react-relay";
import type { CustomersPageQuery } from "./__generated__/CustomersPageQuery.graphql";
import type { Customers_query$key } from "./__generated__/Customers_query.graphql";

export function Customers({ query, page }: { query: Customers_query$key; page: number }) {
  const { data, hasNext, isLoadingNext, loadNext } = usePaginationFragment<CustomersPageQuery, Customers_query$key>(
    graphql`
      fragment Customers_query on Query
      @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
      @refetchable(queryName: "CustomersPageQuery") {
        customers(first: $first, after: $after) @connection(key: "Customers_customers") @required(action: THROW) {
          edges { node { id name externalIds { externalId } } }
        }
      }
    `,
    query,
  );
  return (
    <section>
      <h2>Customers</h2>
      <ul>
        {data.customers.edges.map(({ node: { id, name, externalIds } }) => (
          <li key={id}>{name ?? externalIds[0]?.externalId}</li>
        ))}
      </ul>
      {hasNext && (
        <button type="button" disabled={isLoadingNext} onClick={() => loadNext(page)}>
          More
        </button>
      )}
    </section>
  );
}
