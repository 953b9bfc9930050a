import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { Grid, Labels } from "./Grid";
import { type Axis, linear } from "./scale";
import { useWidth } from "./useWidth";

/** One value of a chart, with what to say of it. */
export interface Mark {
  id: string;
  label: string;
  value: number | null;
  display: string;
  interval?: { low: number; high: number } | null;
  target?: number | null;
  isProvisional?: boolean;
}

const [HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [200, 10, 26, 58, 22];

/**
 * Values over time, their intervals as a band, targets as a dashed line; the pointer or the arrow keys go from one to
 * the next and read it out.
 */
export function LineChart({ name, marks, axis }: { name: string; marks: Mark[]; axis: Axis }) {
  const [width, ref] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const last = marks.length - 1;
  // unless somebody chooses, the last of which something is known
  const at = Math.min(chosen ?? Math.max(0, marks.findLastIndex(({ value }) => value !== null)), last);
  const mark = marks[at];
  const x = (index: number) => LEFT + (last ? index / last : 0.5) * (width - LEFT - RIGHT);
  const y = linear(axis, HEIGHT - BOTTOM, TOP);

  const move = (event: KeyboardEvent) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(last, to)));
  };
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const across = (event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT);
    setChosen(Math.max(0, Math.min(last, Math.round(across * last))));
  };

  return (
    <div ref={ref} className="chart">
      {width > 0 && mark && (
        <svg
          width={width}
          height={HEIGHT}
          role="slider"
          tabIndex={0}
          aria-label={name}
          aria-valuemin={1}
          aria-valuemax={marks.length}
          aria-valuenow={at + 1}
          aria-valuetext={`${mark.label}: ${mark.display}`}
          onKeyDown={move}
          onPointerMove={point}
          onPointerLeave={() => setChosen(null)}
        >
          <Grid axis={axis} y={y} left={LEFT} right={width - RIGHT / 2} />
          <Labels labels={marks.map(({ label }) => label)} x={x} y={HEIGHT - 6} width={width} />
          {runs(marks, ({ interval }) => interval && ([interval.low, interval.high] as const)).map((run) => (
            <path
              key={run[0]!.index}
              className="band"
              d={`M${[
                ...run.map(({ index, value }) => `${x(index)},${y(value[1])}`),
                ...run.reverse().map(({ index, value }) => `${x(index)},${y(value[0])}`),
              ].join("L")}Z`}
            />
          ))}
          {runs(marks, ({ target }) => target).map((run) => (
            <path key={run[0]!.index} className="goal" d={line(run.map(({ index, value }) => [x(index), y(value)]))} />
          ))}
          {runs(marks, ({ value }) => value).map((run) => (
            <path key={run[0]!.index} className="line" d={line(run.map(({ index, value }) => [x(index), y(value)]))} />
          ))}
          {marks.map(({ id, value, isProvisional }, index) =>
            value === null ? null : (
              <circle
                key={id}
                className={isProvisional ? "dot open" : "dot"}
                cx={x(index)}
                cy={y(value)}
                r={index === at && chosen !== null ? 5.5 : 3}
              />
            ),
          )}
        </svg>
      )}
      {mark && (
        <p className="readout" aria-hidden>
          <span>{mark.label}</span> <b>{mark.display}</b>{" "}
          {mark.interval && (
            <span>
              {axis.print(mark.interval.low)} – {axis.print(mark.interval.high)}
            </span>
          )}
        </p>
      )}
    </div>
  );
}

/** A path through points; a single point is a short line. */
function line(points: [number, number][]): string {
  const [first] = points;
  if (points.length === 1 && first) return `M${first[0] - 6},${first[1]}h12`;
  return `M${points.map((point) => point.join()).join("L")}`;
}

/** Neighbours that have what is asked for. */
function runs<T>(marks: Mark[], what: (mark: Mark) => T | null | undefined): { index: number; value: T }[][] {
  const found: { index: number; value: T }[][] = [];
  let run: { index: number; value: T }[] | null = null;
  marks.forEach((mark, index) => {
    const value = what(mark);
    if (value === null || value === undefined) run = null;
    else if (run) run.push({ index, value });
    else found.push((run = [{ index, value }]));
  });
  return found;
}
