// A card: the figure of the whole period, how sure it is, and what became of it since the period before.
import { useTransition } from "react";
import { graphql, useRefetchableFragment } from "react-relay";
import type { CardRefetchQuery } from "./__generated__/CardRefetchQuery.graphql";
import type { Card_kpi$key } from "./__generated__/Card_kpi.graphql";

export function Card({ kpi }: { kpi: Card_kpi$key }) {
  // by its id alone: every figure is a node, so that a card needs not know what was asked
  const [{ definition, display, sampleSize, interval, comparison }, refetch] = useRefetchableFragment<
    CardRefetchQuery,
    Card_kpi$key
  >(
    graphql`
      fragment Card_kpi on KpiResult @refetchable(queryName: "CardRefetchQuery") {
        definition { name }
        display
        sampleSize
        interval { low high }
        comparison { change display }
      }
    `,
    kpi,
  );
  const [isWaiting, start] = useTransition();
  return (
    <article aria-busy={isWaiting}>
      <h2>{definition.name}</h2>
      <strong>{display}</strong>
      {sampleSize ? <span>of {sampleSize}</span> : null}
      {interval && (
        <span>
          {interval.low.toFixed(1)} to {interval.high.toFixed(1)}
        </span>
      )}
      {comparison?.change != null && <span>{comparison.display}</span>}
      <button type="button" onClick={() => start(() => void refetch({}, { fetchPolicy: "network-only" }))}>
        Refresh
      </button>
    </article>
  );
}
