import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { useQuery, useSubscription } from "@apollo/client/react";
import { useState } from "react";
import { usePace } from "./connection";

type Answer<K> = { kpi: K | null };

/**
 * A KPI, now and whenever it moves: by a subscription with the fields of the query, and by asking now and then while
 * there is none. What the subscription brings is put where the query looks, also at the turn of a period, when it is
 * a figure of other days.
 */
export function useKpi<K, V extends OperationVariables>(
  query: TypedDocumentNode<Answer<K>, V>,
  moved: TypedDocumentNode<Answer<K>, V>,
  variables: V,
) {
  const [isRefused, setRefused] = useState(false);
  const { data, previousData, error, loading } = useQuery<Answer<K>, OperationVariables>(query, {
    variables,
    errorPolicy: "all",
    pollInterval: usePace(isRefused),
    skipPollAttempt: () => document.hidden,
  });
  useSubscription<Answer<K>, OperationVariables>(moved, {
    variables,
    ignoreResults: true,
    onError: () => setRefused(true),
    onData: ({ client, data: { data } }) => {
      if (data?.kpi) client.writeQuery<Answer<K>, OperationVariables>({ query, variables, data: data as Answer<K> });
    },
  });
  // until other days or another channel are answered, the figure before stays, marked as busy
  const shown = (data ?? previousData) as Answer<K> | undefined;
  return { kpi: shown?.kpi ?? null, error, isBusy: loading };
}
