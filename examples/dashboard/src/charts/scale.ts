import type { KpiUnit } from "../__generated__/graphql";
import type { Locale } from "../words";

/** How the values of a KPI are written on an axis. */
export interface Axis {
  /** Round values from below the lowest to above the highest. */
  ticks: number[];
  /** A value in words, short. */
  print: (value: number) => string;
}

interface Measured {
  unit: KpiUnit;
  currency: string | null;
  locale: Locale;
}

const TIMES = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** An axis from the lowest to the highest value. */
export function axis(values: readonly number[], measured: Measured, wanted = 4): Axis {
  const known = values.length ? values : [0];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [time, seconds] = (measured.unit === "SECONDS" && TIMES.find(([, length]) => high >= 2 * length)) || ["second", 1];
  const step = round((high - low) / seconds / wanted || Math.abs(high / seconds) / wanted || 1) * seconds;
  const first = Math.floor(low / step);
  const ticks = [];
  for (let number = first; ticks.length < 2 || ticks.at(-1)! < high; number++) ticks.push(number * step);
  const format = numbers(measured, time);
  return { ticks, print: (value) => format.format(value / seconds) };
}

/** Where a value lies between two places. */
export function linear({ ticks }: Axis, from: number, to: number): (value: number) => number {
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** The next 1, 2, 2.5 or 5 of some power of ten. */
function round(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 2.5, 5].find((one) => one * power >= step) ?? 10);
}

function numbers({ unit, currency, locale }: Measured, time: string): Intl.NumberFormat {
  const plain = { maximumFractionDigits: 1 };
  switch (unit) {
    case "PERCENT":
      return new Intl.NumberFormat(locale, { ...plain, style: "unit", unit: "percent", unitDisplay: "narrow" });
    case "SECONDS":
      return new Intl.NumberFormat(locale, { ...plain, style: "unit", unit: time, unitDisplay: "short" });
    case "DAYS":
    case "MONTHS":
      return new Intl.NumberFormat(locale, { ...plain, style: "unit", unit: unit === "DAYS" ? "day" : "month" });
    case "MONEY":
      return new Intl.NumberFormat(locale, {
        ...plain,
        notation: "compact",
        ...(currency && { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: 0 }),
      });
    default:
      return new Intl.NumberFormat(locale, { ...plain, notation: "compact" });
  }
}
