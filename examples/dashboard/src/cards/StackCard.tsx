import { useState } from "react";
import { Failure } from "../Failure";
import { axis } from "../charts/scale";
import { type Layer, StackedBars } from "../charts/StackedBars";
import { Values } from "../charts/Values";
import { type Filters, narrowed, PERIODS } from "../filters";
import { StackDocument, type StackFragment, StackMovedDocument } from "../__generated__/graphql";
import { settings } from "../settings";
import { useKpi } from "../useKpi";
import { useWords, type Words } from "../words";

type Sum = keyof Words["sums"];

/** A sum over time, stacked by channel: only what adds up is stacked. */
export function StackCard({ filters }: { filters: Filters }) {
  const words = useWords();
  const { locale } = settings.use();
  const [key, setKey] = useState<Sum>("REVENUE");
  const { kpi, error, isBusy } = useKpi(StackDocument, StackMovedDocument, {
    key,
    period: PERIODS[filters.period].input,
    filter: narrowed("CHANNEL", filters.channel),
    grain: filters.grain,
    locale,
  });
  return (
    <article className="card wide" id="stack" aria-label={words.stacked} aria-busy={isBusy}>
      <header className="beside">
        <h2>{words.stacked}</h2>
        <label>
          {words.of}
          <select value={key} onChange={({ target }) => setKey(target.value as Sum)}>
            {Object.entries(words.sums).map(([one, name]) => (
              <option key={one} value={one}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {kpi && <output>{kpi.display}</output>}
      </header>
      {error && <Failure error={error} />}
      {!kpi && !error && <p className="quiet">{isBusy ? words.loading : words.noData}</p>}
      {kpi && <Stack kpi={kpi} />}
    </article>
  );
}

function Stack({ kpi }: { kpi: StackFragment }) {
  const words = useWords();
  const { locale } = settings.use();
  const labels = kpi.series.map(({ period }) => period.label);
  const layers = stacked(kpi, words.other);
  const tops = labels.flatMap((_, index) => {
    const values = layers.map((layer) => layer.values[index] ?? 0);
    return [values.filter((one) => one > 0), values.filter((one) => one < 0)].map((some) => some.reduce((a, b) => a + b, 0));
  });
  const scale = axis([0, ...tops], { unit: kpi.definition.unit, currency: kpi.currency, locale });
  const name = `${kpi.definition.name}, ${words.stacked}`;
  return (
    <>
      <StackedBars name={name} labels={labels} layers={layers} axis={scale} />
      <Values
        caption={name}
        head={[words.period, ...layers.map(({ label }) => label), words.total]}
        rows={kpi.series.map(({ period, display }, index) => [
          period.label,
          ...layers.map(({ values }) => scale.print(values[index] ?? 0)),
          display,
        ])}
      />
    </>
  );
}

/** The largest channels, and what is left of the whole. */
function stacked({ series, breakdown }: StackFragment, other: string): Layer[] {
  const layers = (breakdown?.slices ?? []).map(({ key, label, result }) => ({
    key: `channel ${key}`,
    label,
    values: result.series.map(({ value }) => value ?? 0),
  }));
  if (!breakdown || breakdown.totalCount <= layers.length) return layers;
  const shown = (index: number) => layers.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
  return [...layers, { key: "other", label: other, values: series.map(({ value }, index) => (value ?? 0) - shown(index)) }];
}
