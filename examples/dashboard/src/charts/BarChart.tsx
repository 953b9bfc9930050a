import type { Mark } from "./LineChart";
import { type Axis, linear } from "./scale";
import { useWidth } from "./useWidth";

const [ROW, TOP, LEFT, RIGHT] = [30, 6, 132, 76];

/** A bar for each, its interval as a whisker; the target, which all of them share, as a dashed line. */
export function BarChart({ name, marks, axis, goal }: { name: string; marks: Mark[]; axis: Axis; goal: number | null }) {
  const [width, ref] = useWidth<HTMLDivElement>();
  const x = linear(axis, LEFT, width - RIGHT);
  const height = TOP + marks.length * ROW + 22;
  const said = marks.map(({ label, display }) => `${label} ${display}`).join(", ");
  return (
    <div ref={ref} className="chart">
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={`${name}: ${said}`}>
          {axis.ticks.map((tick) => (
            <g key={tick} className="grid">
              <line x1={x(tick)} x2={x(tick)} y1={TOP} y2={height - 20} />
              <text x={x(tick)} y={height - 6} textAnchor="middle">
                {axis.print(tick)}
              </text>
            </g>
          ))}
          {marks.map(({ id, label, value, display, interval }, index) => {
            const middle = TOP + (index + 0.5) * ROW;
            return (
              <g key={id}>
                <text className="label" x={LEFT - 8} y={middle} dy="0.32em" textAnchor="end">
                  {label.length > 18 ? `${label.slice(0, 17)}…` : label}
                </text>
                {value !== null && (
                  <rect
                    className="bar"
                    x={Math.min(x(0), x(value))}
                    y={middle - 9}
                    width={Math.abs(x(value) - x(0))}
                    height={18}
                    rx={3}
                  />
                )}
                {interval && (
                  <path
                    className="whisker"
                    d={`M${x(interval.low)},${middle}H${x(interval.high)}m0,-4v8M${x(interval.low)},${middle - 4}v8`}
                  />
                )}
                <text className="amount" x={width} y={middle} dy="0.32em" textAnchor="end">
                  {display}
                </text>
              </g>
            );
          })}
          {goal !== null && <line className="goal" x1={x(goal)} x2={x(goal)} y1={TOP - 4} y2={height - 20} />}
        </svg>
      )}
    </div>
  );
}
