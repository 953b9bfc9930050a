// A line: the figure month by month.
import { graphql, useFragment } from "react-relay";
import type { Trend_kpi$key } from "./__generated__/Trend_kpi.graphql";

const HEIGHT = 24;

export function Trend({ kpi }: { kpi: Trend_kpi$key }) {
  const { series } = useFragment(
    graphql`
      fragment Trend_kpi on KpiResult {
        series(grain: MONTH) { value period { label } }
      }
    `,
    kpi,
  );
  const known = series.map(({ value }) => value).filter((value) => value != null);
  const low = Math.min(...known);
  const scale = HEIGHT / (Math.max(...known) - low || 1);
  const points = series.flatMap(({ value }, month) =>
    value == null ? [] : [`${month * 8},${HEIGHT - (value - low) * scale}`],
  );
  return (
    <svg
      role="img"
      viewBox={`0 0 ${series.length * 8} ${HEIGHT}`}
      aria-label={`${series[0]?.period.label} to ${series.at(-1)?.period.label}`}
    >
      <polyline fill="none" stroke="currentColor" points={points.join(" ")} />
    </svg>
  );
}
