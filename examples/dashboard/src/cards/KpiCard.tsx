import { useState } from "react";
import { Failure } from "../Failure";
import { axis } from "../charts/scale";
import { LineChart } from "../charts/LineChart";
import { Values } from "../charts/Values";
import { type By, type Filters, narrowed, PERIODS } from "../filters";
import { CardDocument, type CardFragment, CardMovedDocument, type KpiKey } from "../__generated__/graphql";
import { settings } from "../settings";
import { useKpi } from "../useKpi";
import { fill, useWords } from "../words";
import { ByChannel } from "./ByChannel";

/** One KPI: what it is, against what was and what should be, over time or by channel. */
export function KpiCard({ kpi: key, by, filters }: { kpi: KpiKey; by: By; filters: Filters }) {
  const words = useWords();
  const { locale } = settings.use();
  const [view, setView] = useState<"time" | "channel">("time");
  const asked = { key, period: PERIODS[filters.period].input, filter: narrowed(by, filters.channel), locale };
  const { kpi, error, isBusy } = useKpi(CardDocument, CardMovedDocument, { ...asked, grain: filters.grain });
  const name = kpi?.definition.name ?? key;
  const views = { time: words.overTime, channel: by === "CHANNEL" ? words.byChannel : words.byAcquisition };
  return (
    <article className="card" id={key} aria-label={name} aria-busy={isBusy}>
      {kpi ? <Head kpi={kpi} /> : <h2>{name}</h2>}
      {error && <Failure error={error} />}
      {!kpi && !error && <p className="quiet">{isBusy ? words.loading : words.noData}</p>}
      {kpi && (
        <>
          <fieldset className="views">
            <legend>{fill(words.view, { name })}</legend>
            {(["time", "channel"] as const).map((one) => (
              <label key={one}>
                <input type="radio" name={`view of ${key}`} checked={view === one} onChange={() => setView(one)} />
                <span>{views[one]}</span>
              </label>
            ))}
          </fieldset>
          {view === "time" ? <OverTime kpi={kpi} /> : <ByChannel asked={{ ...asked, by }} caption={views.channel} />}
        </>
      )}
    </article>
  );
}

function Head({ kpi }: { kpi: CardFragment }) {
  const words = useWords();
  const { locale } = settings.use();
  const { definition, comparison, target, interval } = kpi;
  const { print } = axis([kpi.value ?? 0], { unit: definition.unit, currency: kpi.currency, locale });
  return (
    <header>
      <h2 title={definition.about}>{definition.name}</h2>
      <p className="figure">
        <output>{kpi.display}</output>
        {interval && (
          <span className="interval" title={fill(words.interval, { level: `${interval.level * 100} %` })}>
            {print(interval.low)} – {print(interval.high)}
          </span>
        )}
      </p>
      <p className="chips">
        {comparison && comparison.change !== null && (
          <span className={`chip ${comparison.isImprovement === null ? "" : comparison.isImprovement ? "good" : "bad"}`}>
            <span aria-hidden>{comparison.change > 0 ? "▲" : comparison.change < 0 ? "▼" : "■"}</span> {comparison.display}
          </span>
        )}
        {target && (
          <span className={`chip ${STATES[target.state]}`}>
            {fill(words.ofTarget, { goal: print(target.target.goal), state: words.states[target.state] })}
          </span>
        )}
      </p>
    </header>
  );
}

const STATES = { NOT_STARTED: "", NO_DATA: "", ON_TRACK: "good", AT_RISK: "warn", MET: "good", MISSED: "bad" };

function OverTime({ kpi }: { kpi: CardFragment }) {
  const words = useWords();
  const { locale } = settings.use();
  const marks = kpi.series.map(({ period, ...point }) => ({ ...point, label: period.label }));
  const known = marks.flatMap(({ value, interval, target }) => [value, interval?.low, interval?.high, target]);
  const scale = axis(
    known.filter((one) => one != null),
    { unit: kpi.definition.unit, currency: kpi.currency, locale },
  );
  const name = `${kpi.definition.name}, ${kpi.period.label}`;
  return (
    <>
      <LineChart name={name} marks={marks} axis={scale} />
      <Values
        caption={name}
        head={[words.period, words.value, words.interval.replace("{level}", "95 %"), words.target]}
        rows={marks.map(({ label, display, interval, target, isProvisional }) => [
          isProvisional ? `${label} (${words.provisional})` : label,
          display,
          interval ? `${scale.print(interval.low)} – ${scale.print(interval.high)}` : "",
          target === null ? "" : scale.print(target),
        ])}
      />
    </>
  );
}
