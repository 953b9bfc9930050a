// A figure that is told again whenever it has changed: by its `id`, whoever shows it shows that.
import { useMemo } from "react";
import { graphql, useSubscription } from "react-relay";
import type { KpiKey, liveSubscription, PeriodInput } from "./__generated__/liveSubscription.graphql";

export function useLive(key: KpiKey, period: PeriodInput): void {
  useSubscription<liveSubscription>(
    useMemo(
      () => ({
        subscription: graphql`
          subscription liveSubscription($key: KpiKey!, $period: PeriodInput!) {
            kpiChanged(key: $key, period: $period) { ...Card_kpi ...Trend_kpi }
          }
        `,
        variables: { key, period },
        // when a period turns, the same question is answered by another figure
        updater: (store) => {
          const told = store.getRootField("kpiChanged");
          if (told) store.getRoot().setLinkedRecord(told, "kpi", { key, period });
        },
        onError: () => {}, // what is refused has said so where it was asked
      }),
      [key, period],
    ),
  );
}
