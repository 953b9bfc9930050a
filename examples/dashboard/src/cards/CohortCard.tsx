import { useQuery } from "@apollo/client/react";
import type { CSSProperties } from "react";
import { Failure } from "../Failure";
import { type Filters, narrowed } from "../filters";
import { CohortsDocument, type FigureFragment } from "../__generated__/graphql";
import { settings } from "../settings";
import { fill, useWords } from "../words";

/** Who stays, cohort by cohort: a heat map that is a table. */
export function CohortCard({ filters }: { filters: Filters }) {
  const words = useWords();
  const { locale } = settings.use();
  const { data, previousData, error, loading } = useQuery(CohortsDocument, {
    variables: { filter: narrowed("ACQUISITION_CHANNEL", filters.channel), locale },
    pollInterval: 60_000,
    skipPollAttempt: () => document.hidden,
  });
  const table = (data ?? previousData)?.cohortTable;
  const rows = table?.rows.filter(({ size }) => size !== 0) ?? [];
  const values = rows.flatMap(({ cells }) => cells.flatMap(({ value }) => value ?? []));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const heat = (value: number) => (high > low ? (value - low) / (high - low) : 1);
  const months = Math.max(0, ...rows.map(({ cells }) => cells.length));
  return (
    <article className="card wide" id="cohorts" aria-label={words.cohorts} aria-busy={loading}>
      <header>
        <h2>{words.cohorts}</h2>
        <p className="quiet">{words.cohortsAbout}</p>
      </header>
      {error && <Failure error={error} />}
      {rows.length === 0 && !error && <p className="quiet">{loading ? words.loading : words.noData}</p>}
      {rows.length > 0 && (
        // who cannot use a pointer scrolls it by keyboard
        <div className="scroll" tabIndex={0} role="region" aria-label={words.cohorts}>
          <table className="heat">
            <thead>
              <tr>
                <th scope="col">{words.cohort}</th>
                <th scope="col">{words.customers}</th>
                {Array.from({ length: months }, (_, number) => (
                  <th key={number} scope="col" aria-label={fill(words.month, { number })}>
                    {number}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ id, cohort, size, cells }) => (
                <tr key={id}>
                  <th scope="row">{cohort.label}</th>
                  <td>{size?.toLocaleString(locale)}</td>
                  {cells.map((cell) => (
                    <Cell key={cell.id} {...cell} heat={heat} />
                  ))}
                </tr>
              ))}
              <tr className="all">
                <th scope="row">{words.all}</th>
                <td />
                {table?.averages.slice(0, months).map((cell) => (
                  <Cell key={cell.id} {...cell} heat={heat} />
                ))}
              </tr>
            </tbody>
          </table>
        </div>
      )}
    </article>
  );
}

type Shown = FigureFragment & { heat: (value: number) => number };

function Cell({ value, display, isProvisional, heat }: Shown) {
  if (value === null) return <td />;
  return (
    <td className={isProvisional ? "cell open" : "cell"} style={{ "--heat": heat(value) } as CSSProperties}>
      {display}
    </td>
  );
}
