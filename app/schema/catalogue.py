"""The catalogue in the schema: every KPI describes itself, so that a front end can show one it has never heard of."""

import asyncio
from datetime import date
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated

import strawberry

from app import ids
from app.kpis import CATALOGUE
from app.kpis.dimension import Dimension
from app.kpis.kpi import BusinessModel, Direction, Kpi, KpiUnit, LifecycleStage, Variant
from app.schema import lifecycle  # noqa: F401 - it gives the stages their names in the schema
from app.schema.context import Context, Info
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.filters import KpiFilterInput
from app.schema.node import Node, found_by
from app.schema.period import LocaleArgument, PeriodInput
from app.schema.weight import FEW, KPI_WEIGHT, sized, weighs
from app.services import kpi as kpis

if TYPE_CHECKING:  # results refer to definitions and definitions to results
    from app.schema.kpi import KpiResult

enum(
    KpiUnit,
    {
        "PERCENT": "Percent, 0 to 100.",
        "POINTS": "Points of its own scale.",
        "COUNT": "A count.",
        "MONEY": "Money, in units of the workspace's currency.",
        "RATIO": "How many times one is the other.",
        "MONTHS": "Months.",
        "DAYS": "Days, with fractions.",
        "SECONDS": "Seconds.",
    },
)
enum(
    Direction,
    {"HIGHER_IS_BETTER": "The higher the better.", "LOWER_IS_BETTER": "The lower the better."},
)
enum(BusinessModel, {"B2B": "Sells to organisations.", "B2C": "Sells to persons."})


def _described(kpi: Kpi) -> str:
    return f"{kpi.name.en} · {kpi.name.zh}\n\n{kpi.about.en}\n\n{kpi.about.zh}\n\n`{kpi.variants[0].formula}`"


if TYPE_CHECKING:

    class KpiKey(Enum):
        """The KPIs of the catalogue."""
else:
    KpiKey = Enum("KpiKey", {key: key for key in CATALOGUE})
    KpiKey.__doc__ = "The KPIs of the catalogue."
enum(KpiKey, {key: _described(kpi) for key, kpi in CATALOGUE.items()})


@type_
class KpiVariant:
    """One reading of a KPI."""

    id: strawberry.ID = plain("Names the reading among those of all KPIs.")
    key: str = plain("Its key, for `variant`.")
    formula: str = plain("Its formula over measures.")
    is_default: bool = plain("Whether it is meant when no variant is named.")
    variant: strawberry.Private[Variant]

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """Its name."""
        return self.variant.name.in_(locale or info.context.locale)

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it says, in a sentence or two."""
        return self.variant.about.in_(locale or info.context.locale)


@type_
class KpiInputStatus:
    """A kind of facts that a KPI needs, and whether the workspace has them."""

    id: strawberry.ID = plain("Names the kind of facts, for clients' caches.")
    key: str = plain("The kind of facts.")
    is_available: bool = plain("Whether the workspace has any.")
    since: date | None = plain("The first day of which it has some.")


@type_
class KpiDefinition(Node):
    """What a KPI means."""

    key: str = plain("Its key.")
    formula: str = plain("The formula of its default variant, over measures.")
    unit: KpiUnit = plain("In what it is given.")
    direction: Direction = plain("Which way is good.")
    variants: list[KpiVariant] = plain("Its readings, the default one first.")
    dimensions: list[Dimension] = plain("What it can be filtered and broken down by.")
    stage: LifecycleStage = plain("The stage of the customer's lifecycle that it watches.")
    models: list[BusinessModel] = plain("For which kinds of business it is meant.")
    industries: list[str] = plain("For which industries it is meant; empty for all.")
    minimum: float | None = plain("The smallest value that it can have, where its definition promises one.")
    maximum: float | None = plain("The greatest value that it can have, where its definition promises one.")
    kpi: strawberry.Private[Kpi]

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """Its name."""
        return self.kpi.name.in_(locale or info.context.locale)

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it says, in a sentence or two."""
        return self.kpi.about.in_(locale or info.context.locale)

    @field
    @sized(FEW)
    async def inputs(self, info: Info) -> list[KpiInputStatus]:
        """The facts that it needs, and whether the workspace has them."""
        names = list(dict.fromkeys(cube.input for cube in self.kpi.variants[0].needed))
        extents = await asyncio.gather(*(info.context.gather(kpis.available, name) for name in names))
        return [
            KpiInputStatus(
                id=strawberry.ID(ids.encode("KpiInputStatus", name)),
                key=name,
                is_available=extent.first is not None,
                since=extent.first,
            )
            for name, extent in zip(names, extents, strict=True)
        ]

    @field
    @weighs(KPI_WEIGHT)
    async def result(
        self,
        info: Info,
        period: Annotated[PeriodInput, arg("Over which days.")],
        variant: Annotated[str | None, arg("Which reading; the default one when absent.")] = None,
        filter: Annotated[list[KpiFilterInput] | None, arg("Narrowed to what; all must hold.")] = None,
    ) -> Annotated["KpiResult", strawberry.lazy("app.schema.kpi")] | None:
        """Its value."""
        from app.schema.kpi import ask  # noqa: PLC0415 - see TYPE_CHECKING above

        return await ask(info, self.key, period, variant, filter)

    @classmethod
    @cache
    def of(cls, kpi: Kpi) -> "KpiDefinition":
        """The declaration as the schema shows it; made once."""
        low, high = kpi.bounds or (None, None)
        return cls(
            id=strawberry.ID(ids.encode("KpiDefinition", kpi.key)),
            key=kpi.key,
            formula=kpi.variants[0].formula,
            unit=kpi.unit,
            direction=kpi.direction,
            variants=[
                KpiVariant(
                    id=strawberry.ID(ids.encode("KpiVariant", kpi.key, one.key)),
                    key=one.key,
                    formula=one.formula,
                    is_default=one is kpi.variants[0],
                    variant=one,
                )
                for one in kpi.variants
            ],
            dimensions=list(kpi.dimensions),
            stage=kpi.stage,
            models=list(kpi.models),
            industries=list(kpi.industries),
            minimum=low,
            maximum=high,
            kpi=kpi,
        )


async def _found(_context: Context, parts: list[str]) -> KpiDefinition | None:
    kpi = CATALOGUE.get(parts[0]) if parts else None
    return KpiDefinition.of(kpi) if kpi else None


found_by("KpiDefinition", _found)
