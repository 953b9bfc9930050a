"""The catalogue in the schema: every KPI describes itself, so that a front end can show one it has never heard of."""

import asyncio
from contextlib import suppress
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated

import strawberry

from app import ids
from app.actor import Scope
from app.errors import Invalid
from app.kpis import CATALOGUE
from app.kpis.custom import CUSTOM, internal, key_of
from app.kpis.dimension import Dimension
from app.kpis.industry import models, place, typical
from app.kpis.kpi import BusinessModel, Direction, Kpi, KpiUnit, LifecycleStage, Variant
from app.schema import lifecycle  # noqa: F401 - it gives the stages their names in the schema
from app.schema.context import Context, Info
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.filters import KpiFilterInput
from app.schema.node import Node, found_by
from app.schema.period import LocaleArgument, PeriodInput
from app.schema.readiness import KpiInputStatus, inputs, is_ready
from app.schema.readiness import industry as branch_of
from app.schema.weight import FEW, KPI_WEIGHT, sized, weighs
from app.services import custom_kpi

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
    KpiKey = Enum("KpiKey", {key: key for key in (*CATALOGUE, CUSTOM)})
    KpiKey.__doc__ = "The KPIs of the catalogue."
_OWN = "A KPI that the workspace defines itself, by `kpiDefine`; `custom` says which."
enum(KpiKey, {key: _described(kpi) for key, kpi in CATALOGUE.items()} | {CUSTOM: _OWN})


@type_
class KpiVariant:
    """One reading of a KPI."""

    id: strawberry.ID = plain("Names the reading among those of all KPIs.")
    key: str = plain("Its key, for `variant`.")
    formula: str = plain("Its formula over measures.")
    is_default: bool = plain("Whether it is meant when no variant is named.")
    dimensions: list[Dimension] = plain("What it can be filtered and broken down by.")
    variant: strawberry.Private[Variant]

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """Its name."""
        return self.variant.name.in_(locale or info.context.locale)

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it says, in a sentence or two."""
        return self.variant.about.in_(locale or info.context.locale)

    @field
    @sized(FEW)
    async def inputs(self, info: Info) -> list[KpiInputStatus]:
        """The facts that it rests on, and whether the workspace has them."""
        return await inputs(info, self.variant)

    @field
    async def is_ready(self, info: Info) -> bool:
        """Whether the workspace has all that it needs."""
        return await is_ready(info.context, self.variant)


@type_
class KpiDefinition(Node):
    """What a KPI means."""

    key: str = plain("Its key.")
    is_custom: bool = plain("Whether the workspace defines it itself; it is then asked for as CUSTOM, by its key.")
    written: str | None = plain("The formula as the workspace wrote it; null of the catalogue's own KPIs.")
    formula: str = plain("The formula of its default variant, over measures.")
    unit: KpiUnit = plain("In what it is given.")
    direction: Direction = plain("Which way is good.")
    variants: list[KpiVariant] = plain("Its readings, the default one first.")
    dimensions: list[Dimension] = plain("What it can be filtered and broken down by.")
    stage: LifecycleStage = plain("The stage of the customer's lifecycle that it watches.")
    models: list[BusinessModel] = plain("For which kinds of business it is meant.")
    industries: list[str] = plain("The keys of the industries that it is typical of; empty for all.")
    minimum: float | None = plain("The smallest value that it can have, where its definition promises one.")
    maximum: float | None = plain("The greatest value that it can have, where its definition promises one.")
    kpi: strawberry.Private[Kpi]
    named: strawberry.Private[str]

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
        """The facts that its default variant rests on, and whether the workspace has them."""
        return await inputs(info, self.kpi.variants[0])

    @field
    async def is_ready(self, info: Info) -> bool:
        """Whether the workspace has all that its default variant needs."""
        return await is_ready(info.context, self.kpi.variants[0])

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

        return await ask(info.context, self.named, period, variant, filter)

    @classmethod
    @cache
    def of(cls, kpi: Kpi) -> "KpiDefinition":
        """The declaration as the schema shows it; made once."""
        return cls.own(kpi, kpi.key)

    @classmethod
    def own(cls, kpi: Kpi, named: str) -> "KpiDefinition":
        """A declaration as the schema shows it; `named` is how questions name it."""
        low, high = kpi.bounds or (None, None)
        return cls(
            id=strawberry.ID(ids.encode("KpiDefinition", named)),
            key=kpi.key,
            is_custom=kpi.written is not None,
            written=kpi.written,
            formula=kpi.variants[0].formula,
            unit=kpi.unit,
            direction=kpi.direction,
            variants=[
                KpiVariant(
                    id=strawberry.ID(ids.encode("KpiVariant", named, one.key)),
                    key=one.key,
                    formula=one.formula,
                    is_default=one is kpi.variants[0],
                    dimensions=list(one.dimensions),
                    variant=one,
                )
                for one in kpi.variants
            ],
            dimensions=list(kpi.dimensions),
            stage=kpi.stage,
            models=list(models(kpi)),
            industries=list(typical(kpi)),
            minimum=low,
            maximum=high,
            kpi=kpi,
            named=named,
        )


async def definitions(
    info: Info,
    stage: LifecycleStage | None,
    industry: str | None,
    model: BusinessModel | None,
    ready: bool | None,
) -> list[KpiDefinition]:
    """The KPIs of which all that is given holds, those of an industry in its order. Raises Invalid."""
    branch = branch_of(industry)
    known = [KpiDefinition.of(kpi) for kpi in CATALOGUE.values()]
    found = [
        one
        for one in (*known, *await _own(info.context))
        if (stage is None or one.stage is stage)
        and (model is None or model in one.models)
        and (branch is None or branch.key in (one.industries or (branch.key,)))
    ]
    if branch is not None:
        found.sort(key=lambda one: place(one.kpi, branch))
    if ready is not None:
        told = await asyncio.gather(*(is_ready(info.context, one.kpi.variants[0]) for one in found))
        found = [one for one, is_ in zip(found, told, strict=True) if is_ is ready]
    return found


async def _own(context: Context) -> list[KpiDefinition]:
    """What the workspace defines, for those who may read KPIs; what can be read no more is told where it is asked."""
    rows = await context.once(custom_kpi.everything) if context.may(Scope.KPI_READ) else []
    found = []
    for row in rows:
        with suppress(Invalid):
            found.append(KpiDefinition.own(custom_kpi.kpi(row), internal(row.key)))
    return found


async def definition(context: Context, key: str) -> KpiDefinition | None:
    """What a KPI means, of the catalogue or the workspace's own; None where there is none of that key."""
    if key in CATALOGUE:
        return KpiDefinition.of(CATALOGUE[key])
    return next((one for one in await _own(context) if one.key == key), None)


async def _found(context: Context, parts: list[str]) -> KpiDefinition | None:
    key = parts[0] if len(parts) == 1 else ""
    own = key_of(key)
    if own is None:
        return KpiDefinition.of(CATALOGUE[key]) if key in CATALOGUE else None
    return next((one for one in await _own(context) if one.key == own), None)


found_by("KpiDefinition", _found)
