"""Channel effectiveness in the schema: a row per channel, with a figure for each metric."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import strawberry

from app import ids
from app.errors import Code, Invalid
from app.kpis.kpi import KpiUnit
from app.schema.channel import CHANNEL, Channel
from app.schema.context import Info
from app.schema.describe import arg, enum, field, input_, plain, type_
from app.schema.figure import KpiFigure, shown
from app.schema.page import OrderDirection
from app.schema.period import Period, PeriodInput, asked
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.services import channel_effectiveness
from app.services.attribution import Attribution
from app.services.channel_effectiveness import METRICS, Effect, Effects
from app.text import Text

enum(
    Attribution,
    {
        "FIRST_TOUCH": "All to the first touchpoint.",
        "LAST_TOUCH": "All to the last touchpoint before the customer was won.",
        "LINEAR": "The same to each touchpoint.",
        "POSITION": "40 % to the first, 40 % to the last, 20 % to those between them.",
        "TIME_DECAY": "The later the more: half as much for each seven days earlier.",
    },
)

ChannelEffectOrderField = StrEnum("ChannelEffectOrderField", [(name.upper(), name.upper()) for name in METRICS])  # type: ignore[misc]  # one name for each metric
ChannelEffectOrderField.__doc__ = "What channels can be ordered by."
_ABOUT = {
    "spend": "What was spent on the channel to win customers.",
    "leads": "The leads whose first contact was on the channel.",
    "conversion": "Of those leads, the share that was won within the workspace's conversion window.",
    "customers": "The new customers credited to it; credits may be fractions.",
    "cac": "Spend per new customer.",
    "revenue": "Revenue of the period from the customers credited to it.",
    "clv": "Revenue to date of the customers won in the period, per customer.",
    "ltv_cac": "How many times its acquisition cost a customer won in the period has brought to date.",
    "return_on_spend": "Revenue over spend.",
    "csat": "Customer satisfaction of what was said on the channel.",
    "nps": "The net promoter score of what was said on the channel.",
    "response_time": "The median time until customers who wrote on the channel were answered.",
}
_UNITS = {
    "spend": KpiUnit.MONEY,
    "leads": KpiUnit.COUNT,
    "conversion": KpiUnit.PERCENT,
    "customers": KpiUnit.COUNT,
    "cac": KpiUnit.MONEY,
    "revenue": KpiUnit.MONEY,
    "clv": KpiUnit.MONEY,
    "ltv_cac": KpiUnit.RATIO,
    "return_on_spend": KpiUnit.RATIO,
    "csat": KpiUnit.PERCENT,
    "nps": KpiUnit.POINTS,
    "response_time": KpiUnit.SECONDS,
}
enum(ChannelEffectOrderField, {name.upper(): f"By {_ABOUT[name][0].lower()}{_ABOUT[name][1:]}" for name in METRICS})


@input_
class ChannelEffectOrderInput:
    """In which order channels come; those without a value come last."""

    field: ChannelEffectOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.DESC)


@type_
class ChannelFigure(KpiFigure):
    """One metric of one channel."""


@type_
class ChannelEffect:
    """What a channel costs and brings."""

    id: strawberry.ID = plain("Names the row, for clients' caches.")
    channel: Channel | None = plain("The channel; null for what no channel can be credited with.")
    is_unattributed: bool = plain("Whether this is what no channel can be credited with.")
    spend: ChannelFigure = plain(_ABOUT["spend"])
    leads: ChannelFigure = plain(_ABOUT["leads"])
    conversion: ChannelFigure = plain(_ABOUT["conversion"])
    customers: ChannelFigure = plain(_ABOUT["customers"])
    cac: ChannelFigure = plain(_ABOUT["cac"])
    revenue: ChannelFigure = plain(_ABOUT["revenue"])
    clv: ChannelFigure = plain(_ABOUT["clv"])
    ltv_cac: ChannelFigure = plain(_ABOUT["ltv_cac"])
    return_on_spend: ChannelFigure = plain(_ABOUT["return_on_spend"])
    csat: ChannelFigure = plain(_ABOUT["csat"])
    nps: ChannelFigure = plain(_ABOUT["nps"])
    response_time: ChannelFigure = plain(_ABOUT["response_time"])


@type_
class ChannelEffectiveness:
    """What each channel costs and brings over some days, the customers credited by one attribution."""

    id: strawberry.ID = plain("Names the table, for clients' caches.")
    rows: list[ChannelEffect] = plain("A row for each channel and one for what is unattributed, in order.")
    total_count: int = plain("How many rows there are.")
    attribution: Attribution = plain("By which rule channels share the credit for a customer.")
    period: Period = plain("Its days, resolved.")


BY_REVENUE = ChannelEffectOrderInput(field=ChannelEffectOrderField.REVENUE)  # type: ignore[attr-defined]  # made above


class ChannelEffectivenessRoot:
    """What channels cost and bring."""

    @field
    @weighs(2 * KPI_WEIGHT)
    @sized(50, by=("first",), fields=("rows",))
    async def channel_effectiveness(
        self,
        info: Info,
        period: Annotated[PeriodInput, arg("Over which days.")],
        attribution: Annotated[
            Attribution, arg("By which rule channels share the credit for a customer.")
        ] = Attribution.FIRST_TOUCH,
        first: Annotated[int, arg("How many rows; at most 500.")] = 50,
        order_by: Annotated[ChannelEffectOrderInput, arg("In which order.")] = BY_REVENUE,
    ) -> ChannelEffectiveness | None:
        """What each channel costs and brings; what no channel can be credited with has a row of its own."""
        if not 0 <= first <= 500:  # noqa: PLR2004 - said in the description
            msg = Text("first must be between 0 and 500.", "first 必须在 0 与 500 之间。")
            raise Invalid(msg, "first", code=Code.OUT_OF_RANGE)
        found = await info.context.run(channel_effectiveness.effects, asked(period, "period"), attribution)
        metric = order_by.field.value.lower()
        rows = sorted(found.rows, key=lambda row: _rank(row, metric, order_by.direction))
        name = (attribution.value, found.span.start, found.span.end)
        return ChannelEffectiveness(
            id=strawberry.ID(ids.encode("ChannelEffectiveness", *name, metric, order_by.direction.value, first)),
            rows=[_row(info, found, row, name) for row in rows[:first]],
            total_count=len(rows),
            attribution=attribution,
            period=Period.of(found.span, found.today),
        )


def _rank(row: Effect, metric: str, direction: OrderDirection) -> tuple[bool, float]:
    value = row.figures[metric].value
    return (value is None, 0.0 if value is None else -value if direction is OrderDirection.DESC else value)


def _is_provisional(found: Effects, metric: str) -> bool:
    return found.span.end + timedelta(days=found.settles_in.get(metric, 0)) > found.today


def _row(info: Info, found: Effects, row: Effect, name: tuple[object, ...]) -> ChannelEffect:
    key = row.channel.key if row.channel else ""
    figures = {
        metric: ChannelFigure(
            id=strawberry.ID(ids.encode("ChannelFigure", *name, metric, key)),
            **shown(figure, _UNITS[metric], found.currency, is_provisional=_is_provisional(found, metric)),  # type: ignore[arg-type]  # built field by field
        )
        for metric, figure in row.figures.items()
    }
    return ChannelEffect(
        id=strawberry.ID(ids.encode("ChannelEffect", *name, key)),
        channel=CHANNEL.shown(info.context, row.channel) if row.channel else None,
        is_unattributed=row.channel is None,
        **figures,
    )
