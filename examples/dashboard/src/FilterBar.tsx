import type { ReactNode } from "react";
import { type Filters, PERIODS } from "./filters";
import type { FrameQuery } from "./__generated__/graphql";
import { useWords } from "./words";

interface Props {
  filters: Filters;
  channels: NonNullable<FrameQuery["channels"]>["nodes"];
  onChange: (filters: Filters) => void;
}

/** Of which days, in which steps, on which channel. */
export function FilterBar({ filters, channels, onChange }: Props) {
  const words = useWords();
  const { grains } = PERIODS[filters.period];
  const choosePeriod = (period: Filters["period"]) => {
    const [usual, ...others] = PERIODS[period].grains;
    onChange({ ...filters, period, grain: others.includes(filters.grain) ? filters.grain : usual });
  };
  return (
    <form role="search" aria-label={words.filters} className="filters" onSubmit={(event) => event.preventDefault()}>
      <Choice label={words.period} value={filters.period} onChange={choosePeriod}>
        {(Object.keys(PERIODS) as Filters["period"][]).map((one) => (
          <option key={one} value={one}>
            {words.periods[one]}
          </option>
        ))}
      </Choice>
      <Choice label={words.grain} value={filters.grain} onChange={(grain) => onChange({ ...filters, grain })}>
        {grains.map((one) => (
          <option key={one} value={one}>
            {words.grains[one]}
          </option>
        ))}
      </Choice>
      <Choice label={words.channel} value={filters.channel} onChange={(channel) => onChange({ ...filters, channel })}>
        <option value="">{words.allChannels}</option>
        {channels.map(({ id, externalId, name }) => (
          <option key={id} value={externalId}>
            {name}
          </option>
        ))}
      </Choice>
    </form>
  );
}

interface ChoiceProps<T> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  children: ReactNode;
}

function Choice<T extends string>({ label, value, onChange, children }: ChoiceProps<T>) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ target }) => onChange(target.value as T)}>
        {children}
      </select>
    </label>
  );
}
