import type { Grain, KpiFilterInput, PeriodInput } from "./__generated__/graphql";
import type { Words } from "./words";

/** What the filter bar says. */
export interface Filters {
  period: keyof Words["periods"];
  grain: Grain;
  /** The external id of a channel; empty for all. */
  channel: string;
}

interface Offer {
  input: PeriodInput;
  /** By what it can be cut so that a chart remains readable; the first is taken unless one is chosen. */
  grains: readonly [Grain, ...Grain[]];
}

export const PERIODS: Record<Filters["period"], Offer> = {
  days30: { input: { last: { count: 30, grain: "DAY" } }, grains: ["DAY", "WEEK"] },
  weeks13: { input: { last: { count: 13, grain: "WEEK" } }, grains: ["WEEK", "MONTH"] },
  months12: { input: { last: { count: 12, grain: "MONTH" } }, grains: ["MONTH", "WEEK", "QUARTER"] },
  months24: { input: { last: { count: 24, grain: "MONTH" } }, grains: ["MONTH", "QUARTER", "YEAR"] },
  thisYear: { input: { named: "THIS_YEAR" }, grains: ["MONTH", "WEEK", "QUARTER"] },
  lastYear: { input: { named: "LAST_YEAR" }, grains: ["MONTH", "WEEK", "QUARTER"] },
};

/** By which channel a KPI is known: that on which something happened, or that through which the customer came. */
export type By = "CHANNEL" | "ACQUISITION_CHANNEL";

/** The filters of a KPI that is known by such channels. */
export function narrowed(by: By, channel: string): KpiFilterInput[] | null {
  return channel ? [{ by, anyOf: [channel] }] : null;
}
