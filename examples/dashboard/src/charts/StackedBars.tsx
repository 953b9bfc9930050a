import { Grid, Labels } from "./Grid";
import { type Axis, linear } from "./scale";
import { useWidth } from "./useWidth";

/** What one channel adds to each bar. */
export interface Layer {
  key: string;
  label: string;
  values: number[];
}

const [HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [240, 10, 26, 58, 12];

/** A bar for each label, made of layers; what is below zero hangs from it. */
export function StackedBars(props: { name: string; labels: string[]; layers: Layer[]; axis: Axis }) {
  const { name, labels, layers, axis } = props;
  const [width, ref] = useWidth<HTMLDivElement>();
  const room = width - LEFT - RIGHT;
  const x = (index: number) => LEFT + ((index + 0.5) / labels.length) * room;
  const y = linear(axis, HEIGHT - BOTTOM, TOP);
  const thick = Math.min(44, (room / labels.length) * 0.7);
  return (
    <div ref={ref} className="chart">
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`${name}: ${layers.map(({ label }) => label).join(", ")}`}>
          <Grid axis={axis} y={y} left={LEFT} right={width - RIGHT} />
          <Labels labels={labels} x={x} y={HEIGHT - 6} width={width} />
          {layers.map(({ key, values }, place) =>
            values.map((value, index) => {
              const below = layers.slice(0, place).map((layer) => layer.values[index] ?? 0);
              const from = below.filter((one) => one > 0 === value > 0).reduce((sum, one) => sum + one, 0);
              const [low, high] = [y(Math.min(from, from + value)), y(Math.max(from, from + value))];
              return value === 0 ? null : (
                <rect
                  key={`${key} ${labels[index]}`}
                  className={`layer layer-${place}`}
                  x={x(index) - thick / 2}
                  y={high}
                  width={thick}
                  height={low - high}
                />
              );
            }),
          )}
        </svg>
      )}
      <ul className="legend">
        {layers.map(({ key, label }, place) => (
          <li key={key}>
            <svg width="12" height="12" aria-hidden>
              <rect className={`layer layer-${place}`} width="12" height="12" rx="3" />
            </svg>
            {label}
          </li>
        ))}
      </ul>
    </div>
  );
}
