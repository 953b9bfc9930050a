"""The lead funnel in the schema."""

from typing import Annotated

import strawberry

from app import ids
from app.errors import Code, Invalid
from app.kpis.figure import NullReason
from app.schema.context import Info
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.filters import KpiFilter, KpiFilterInput, as_parts, filters, shown_filters
from app.schema.period import Period, PeriodInput, asked
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.services import lead_funnel
from app.services.lead_funnel import Funnel, LeadStage, Step, Wanted
from app.text import Text

enum(
    LeadStage,
    {
        "CREATED": "All leads of the period.",
        "QUALIFIED": "Qualified within the workspace's conversion window.",
        "WON": "Won within the workspace's conversion window.",
    },
)


@type_
class LeadFunnelStage:
    """One stage of the funnel."""

    id: strawberry.ID = plain("Names the stage, for clients' caches.")
    stage: LeadStage = plain("Which one.")
    leads: float | None = plain("How many leads of the period reached it; null where that cannot be told.")
    share_of_all: float | None = plain("Their part of all leads of the period, as a fraction.")
    conversion_from_previous: float | None = plain(
        "Of the leads that reached the stage before, the part that reached this one too, as a fraction; null of the "
        "first stage, and where nobody reached the one before."
    )
    wanted: strawberry.Private[Wanted]

    @field
    @weighs(KPI_WEIGHT)
    async def median_days(self, info: Info) -> float | None:
        """Within how many days of the first contact half of them were there; null of the first stage, and of nobody.

        Reads the leads of the period, up to a bound that the server sets. Leads that were there before their first
        contact are left out.
        """
        if self.leads is None:
            return None
        found = await info.context.gather(lead_funnel.medians, self.wanted)
        return found[self.stage]


@type_
class LeadLossReason:
    """How many leads were lost for one reason."""

    id: strawberry.ID = plain("Names the reason, for clients' caches.")
    reason: str | None = plain("Why; null where no reason was given.")
    leads: float = plain("How many leads of the period.")


@type_
class LostLeads:
    """The leads of the period that have been lost."""

    id: strawberry.ID = plain("Names them, for clients' caches.")
    leads: float | None = plain("How many.")
    wanted: strawberry.Private[Wanted]

    @field
    @weighs(KPI_WEIGHT)
    @sized(20, by=("first",))
    async def reasons(
        self, info: Info, first: Annotated[int, arg("How many reasons; at most 500.")] = 20
    ) -> list[LeadLossReason] | None:
        """Why, the most frequent reason first. Reads the leads of the period, up to a bound that the server sets."""
        if not 0 <= first <= 500:  # noqa: PLR2004 - said in the description
            msg = Text("first must be between 0 and 500.", "first 必须在 0 与 500 之间。")
            raise Invalid(msg, "first", code=Code.OUT_OF_RANGE)
        if self.leads is None:
            return None
        found = await info.context.gather(lead_funnel.reasons, self.wanted)
        return [
            LeadLossReason(
                id=strawberry.ID(ids.encode("LeadLossReason", self.id, why or "")), reason=why, leads=float(count)
            )
            for why, count in found.counts[:first]
        ]


@type_
class LeadFunnel:
    """How far the leads of some days have come: those won, won late, lost and open are all of them."""

    id: strawberry.ID = plain("Names the funnel, for clients' caches.")
    stages: list[LeadFunnelStage] = plain("The stages, in order.")
    won_late: float | None = plain("How many were won, but only after the workspace's conversion window.")
    lost: LostLeads = plain("Those that have been lost.")
    open: float | None = plain("How many are neither won nor lost.")
    null_reason: NullReason | None = plain("Why there are no numbers.")
    is_provisional: bool = plain("Whether leads may still be won in time, because the last one's window is not over.")
    period: Period = plain("Its days, resolved.")
    filters: list[KpiFilter] = plain("To what it is narrowed.")


class LeadFunnelRoot:
    """What becomes of leads."""

    @field
    @weighs(KPI_WEIGHT)
    @sized(3, fields=("stages",))
    async def lead_funnel(
        self,
        info: Info,
        period: Annotated[PeriodInput, arg("The days of the first contacts.")],
        filter: Annotated[list[KpiFilterInput] | None, arg("Of which leads; all must hold.")] = None,
    ) -> LeadFunnel | None:
        """How far the leads of some days have come, stage by stage, by now."""
        wanted = Wanted(asked(period, "period"), filters(filter))
        found = await info.context.gather(lead_funnel.funnels, wanted)
        return _shown(found, wanted)


def _shown(found: Funnel, wanted: Wanted) -> LeadFunnel:
    name = (
        found.span.start,
        found.span.end,
        *map(tuple, map(as_parts, wanted.filters)),
    )
    return LeadFunnel(
        id=strawberry.ID(ids.encode("LeadFunnel", *name)),
        stages=[_stage(step, wanted, name) for step in found.steps],
        won_late=found.won_late,
        lost=LostLeads(id=strawberry.ID(ids.encode("LostLeads", *name)), leads=found.lost, wanted=wanted),
        open=found.open,
        null_reason=found.reason,
        is_provisional=found.is_provisional,
        period=Period.of(found.span, found.today),
        filters=shown_filters(wanted.filters),
    )


def _stage(step: Step, wanted: Wanted, name: tuple[object, ...]) -> LeadFunnelStage:
    return LeadFunnelStage(
        id=strawberry.ID(ids.encode("LeadFunnelStage", *name, step.stage.value)),
        stage=step.stage,
        leads=step.leads,
        share_of_all=step.of_all,
        conversion_from_previous=step.of_previous,
        wanted=wanted,
    )
