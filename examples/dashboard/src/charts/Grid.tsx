import type { Axis } from "./scale";

/** Lines across at round values, labelled on the left. */
export function Grid({ axis, y, left, right }: { axis: Axis; y: (value: number) => number; left: number; right: number }) {
  return axis.ticks.map((tick) => (
    <g key={tick} className="grid">
      <line x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
      <text x={left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
        {axis.print(tick)}
      </text>
    </g>
  ));
}

interface LabelsProps {
  labels: string[];
  x: (index: number) => number;
  y: number;
  /** How wide the chart is. */
  width: number;
}

/** Labels below, as many as there is room for, the last one always. */
export function Labels({ labels, x, y, width }: LabelsProps) {
  const widest = Math.max(...labels.map((label) => label.length)) * 7 + 16;
  const every = Math.max(1, Math.ceil((labels.length * widest) / (x(labels.length - 1) - x(0))));
  const clear = width - widest / 2;
  return labels.map((label, index) =>
    (labels.length - 1 - index) % every ? null : (
      <text key={label} className="label" x={Math.min(x(index), clear)} y={y} textAnchor="middle">
        {label}
      </text>
    ),
  );
}
