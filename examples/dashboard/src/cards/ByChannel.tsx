import { Failure } from "../Failure";
import { BarChart } from "../charts/BarChart";
import { axis } from "../charts/scale";
import { Values } from "../charts/Values";
import { ChannelsDocument, ChannelsMovedDocument, type ChannelsQueryVariables } from "../__generated__/graphql";
import { settings } from "../settings";
import { useKpi } from "../useKpi";
import { useWords } from "../words";

/** A KPI channel by channel: the same figure as the card's, asked for other fields. */
export function ByChannel({ asked, caption }: { asked: ChannelsQueryVariables; caption: string }) {
  const words = useWords();
  const { locale } = settings.use();
  const { kpi, error, isBusy } = useKpi(ChannelsDocument, ChannelsMovedDocument, asked);
  if (error) return <Failure error={error} />;
  const slices = kpi?.breakdown?.slices ?? [];
  if (!kpi || slices.length === 0) return <p className="quiet">{isBusy ? words.loading : words.noData}</p>;

  const goal = kpi.target?.target.goal ?? null;
  const known = slices.flatMap(({ value, interval }) => [value, interval?.low, interval?.high]);
  const scale = axis(
    [0, goal, ...known].filter((one) => one != null),
    { unit: kpi.definition.unit, currency: kpi.currency, locale },
  );
  const name = `${kpi.definition.name}, ${caption}`;
  return (
    <>
      <BarChart name={name} marks={slices} axis={scale} goal={goal} />
      <Values
        caption={name}
        head={[words.channel, words.value, words.interval.replace("{level}", "95 %")]}
        rows={slices.map(({ label, display, interval }) => [
          label,
          display,
          interval ? `${scale.print(interval.low)} – ${scale.print(interval.high)}` : "",
        ])}
      />
    </>
  );
}
