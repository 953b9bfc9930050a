// The dashboard, in one round trip and from one snapshot. A figure that is refused says why, and spoils no other.
import { graphql, useLazyLoadQuery } from "react-relay";
import { Card } from "./Card";
import { Customers } from "./Customers";
import { Trend } from "./Trend";
import type { DashboardQuery, DashboardQuery$data, PeriodInput } from "./__generated__/DashboardQuery.graphql";
import type { KpiKey } from "./__generated__/liveSubscription.graphql";
import { reasons } from "./environment";
import { useLive } from "./live";

const PERIOD: PeriodInput = { last: { count: 12, grain: "MONTH" } };

export function Dashboard({ page }: { page: number }) {
  const { csat, nps, retention, response, cac, clv, ...query } = useLazyLoadQuery<DashboardQuery>(
    graphql`
      query DashboardQuery($period: PeriodInput!, $first: Int!) {
        csat: kpi(key: CSAT, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        nps: kpi(key: NPS, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        retention: kpi(key: RETENTION_RATE, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        response: kpi(key: RESPONSE_TIME, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        cac: kpi(key: CAC, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        clv: kpi(key: CLV, period: $period) @catch { ...Card_kpi ...Trend_kpi }
        ...Customers_query @arguments(first: $first)
      }
    `,
    { period: PERIOD, first: page },
  );
  return (
    <main>
      <Figure name="CSAT" asked={csat} />
      <Figure name="NPS" asked={nps} />
      <Figure name="RETENTION_RATE" asked={retention} />
      <Figure name="RESPONSE_TIME" asked={response} />
      <Figure name="CAC" asked={cac} />
      <Figure name="CLV" asked={clv} />
      <Customers query={query} page={page} />
    </main>
  );
}

function Figure({ name, asked }: { name: KpiKey; asked: DashboardQuery$data["csat"] }) {
  useLive(name, PERIOD);
  if (!asked.ok) return <p role="alert">{reasons(asked.errors)}</p>;
  return (
    asked.value && (
      <section>
        <Card kpi={asked.value} />
        <Trend kpi={asked.value} />
      </section>
    )
  );
}
