// A figure as a line of text.
import { Card, Trend } from "./dashboard.js";
import { type FragmentOf, readFragment } from "./graphql.js";

const BARS = "▁▂▃▄▅▆▇█";

function line(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const step = (Math.max(...known) - low) / (BARS.length - 1) || 1;
  return values.map((value) => (value === null ? " " : BARS[Math.round((value - low) / step)])).join("");
}

/** A figure in a line. */
export function card(kpi: FragmentOf<typeof Card> & FragmentOf<typeof Trend>): string {
  const { definition, display, sampleSize, interval, comparison, target } = readFragment(Card, kpi);
  const { series } = readFragment(Trend, kpi);
  const said = [
    sampleSize && `of ${sampleSize}`,
    interval && `${interval.low.toFixed(1)} to ${interval.high.toFixed(1)}`,
    comparison?.change != null && comparison.display,
    target?.state,
  ];
  const drawn = line(series.map(({ value }) => value));
  return [definition.name.padEnd(24), display.padStart(24), drawn, said.filter(Boolean).join(", ")]
    .join("  ")
    .trimEnd();
}
