"""Charts of KPIs in the schema: specifications for clients that draw, links to images for those that cannot."""

from dataclasses import replace
from typing import Annotated

import strawberry

from app import ids
from app.errors import Code, Invalid
from app.kpis.dimension import Dimension
from app.schema.chart_spec import specification
from app.schema.context import Info
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.filters import CutArgument
from app.schema.period import LocaleArgument
from app.schema.scalars import Json, Moment
from app.schema.weight import weighs
from app.services import chart, chart_link
from app.services.chart import Chart, ChartKind, ChartTheme, Look, Wanted
from app.services.kpi import Answer
from app.services.period import Grain
from app.text import Text

enum(
    ChartKind,
    {
        "LINE": "A line over time, with its interval and its target; with `by` a line for each slice.",
        "BAR": "Bars over time; with `by` a bar for each slice, over the whole period.",
        "AREA": "An area over time, of what adds up; with `by` the slices stacked.",
        "STACKED_BAR": "Bars over time with the slices stacked, of what adds up; needs `by`.",
        "BULLET": "The value of the whole period against its target.",
        "HEAT_MAP": "A row for each slice and a column for each bucket of time, such as cohorts by months; needs `by`.",
    },
)
enum(ChartTheme, {"LIGHT": "On white.", "DARK": "On a dark page."})

DRAWING = 40
"""What a chart costs beside its KPI: some reads, each with its slices and points."""
_WIDTHS, _HEIGHTS = (200, 2_000), (80, 1_500)

KindArgument = Annotated[ChartKind, arg("How it is drawn.")]
GrainArgument = Annotated[Grain | None, arg("How the days are cut; absent: so that it is easily read.")]
AttributeArgument = Annotated[str | None, arg("With ATTRIBUTE, which: one of the workspace's `attributeDimensions`.")]
FirstArgument = Annotated[
    int | None,
    arg(
        "How many slices, the heaviest first (of cohorts the latest); the rest is one more where slices do not "
        "overlap. At most 7 told apart by colour (6 when absent), 50 in a BAR or HEAT_MAP (20)."
    ),
]
ThemeArgument = Annotated[ChartTheme, arg("On what it is drawn.")]
WidthArgument = Annotated[int, arg("How wide it is, in pixels: 200 to 2,000.")]
HeightArgument = Annotated[int | None, arg("How high it is, in pixels: 80 to 1,500; absent: what fits.")]


@type_
class KpiChartLink:
    """A link to an image of a chart, which needs no token."""

    id: strawberry.ID = plain("Names the link, for clients' caches.")
    url: str = plain(
        "Where the image (SVG) is. It begins with the server's `public_url` setting, or without one with `/charts/`."
    )
    expires_at: Moment = plain("Until when it is good.")


@type_
class Charts:
    """A result as a chart."""

    answer: strawberry.Private[Answer]

    @field
    @weighs(DRAWING)
    async def chart(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        kind: KindArgument,
        grain: GrainArgument = None,
        by: CutArgument = None,
        attribute: AttributeArgument = None,
        first: FirstArgument = None,
        locale: LocaleArgument = None,
        theme: ThemeArgument = ChartTheme.LIGHT,
        width: WidthArgument = 640,
        height: HeightArgument = None,
    ) -> Json | None:
        """A Vega-Lite specification of it with the figures inside, for any program that draws those.

        Targets are drawn for callers who may read them; what has no value is a gap, what is not final pale or dashed.
        """
        look = _look(info, locale, theme, width, height)
        found = await _shown(info, _wanted(self.answer, kind, grain, by, attribute, first))
        return Json(specification(found, look))

    @field
    @weighs(DRAWING)
    async def chart_link(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        kind: KindArgument,
        grain: GrainArgument = None,
        by: CutArgument = None,
        attribute: AttributeArgument = None,
        first: FirstArgument = None,
        locale: LocaleArgument = None,
        theme: ThemeArgument = ChartTheme.LIGHT,
        width: WidthArgument = 640,
        height: HeightArgument = None,
        expires_in_days: Annotated[int, arg("For how many days it is good, to the full hour: 1 to 366.")] = 30,
    ) -> KpiChartLink | None:
        """A signed link to an image of the chart, for a mail or a wiki, drawn from the figures of when it is looked at.

        A period asked for by name or as the last so many moves on with time. Whoever has the link sees what its maker
        may see; it ends with their token or membership, and when what they may see changes.
        """
        look = _look(info, locale, theme, width, height)
        wanted = _wanted(self.answer, kind, grain, by, attribute, first)
        await _shown(info, wanted)  # what cannot be drawn is refused now, not when somebody looks
        path, until = await info.context.run(chart_link.made, wanted, look, expires_in_days)
        url = info.context.door.settings.public_url + path
        return KpiChartLink(id=strawberry.ID(ids.encode("KpiChartLink", path)), url=url, expires_at=Moment(until))


def _wanted(  # noqa: PLR0913 - what a chart is of
    answer: Answer, kind: ChartKind, grain: Grain | None, by: Dimension | None, attribute: str | None, first: int | None
) -> Wanted:
    question = replace(answer.question, variant=answer.variant.key, grain=None, by=None, attribute=None)
    return Wanted(question, kind, grain, by, attribute or None, first)


def _look(info: Info, locale: str | None, theme: ChartTheme, width: int, height: int | None) -> Look:
    """How it is to look. Raises Invalid for a size that is not drawn."""
    for name, size, (least, most) in (("width", width, _WIDTHS), ("height", height, _HEIGHTS)):
        if size is not None and not least <= size <= most:
            msg = Text(
                f"{name} must be between {least} and {most:,} pixels.", f"{name} 必须在 {least} 与 {most:,} 像素之间。"
            )
            raise Invalid(msg, name, code=Code.OUT_OF_RANGE)
    # of the languages that there are, so that nothing else gets into a link
    reader = Text("en", "zh").in_(locale or info.context.locale)
    return Look(reader, theme, width, height)


async def _shown(info: Info, wanted: Wanted) -> Chart:
    found = await info.context.gather(chart.charts, wanted)
    info.context.spend(found.marks)
    return found
