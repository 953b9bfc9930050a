"""What KPIs need and whether a workspace has it, and the industries of which they are typical."""

import asyncio
from datetime import date

import strawberry

from app import ids
from app.errors import Code, Invalid
from app.kpis.industry import INDUSTRIES
from app.kpis.industry import Industry as Branch
from app.kpis.kpi import Variant
from app.kpis.source import Source, having, sources
from app.schema.context import Context, Info
from app.schema.describe import field, plain, type_
from app.schema.period import LocaleArgument
from app.services import readiness
from app.services.readiness import Status
from app.text import Text


@type_
class Industry:
    """A branch of business."""

    id: strawberry.ID = plain("Names the industry, for clients' caches.")
    key: str = plain("Its key, for `kpiDefinitions(industry:)`.")
    kpis: list[str] = plain("The keys of the KPIs that are typical of it, the most telling first.")
    words: strawberry.Private[Text]

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """Its name."""
        return self.words.in_(locale or info.context.locale)


def industries() -> list[Industry]:
    """All industries as the schema shows them."""
    return [
        Industry(id=strawberry.ID(ids.encode("Industry", one.key)), key=one.key, kpis=list(one.kpis), words=one.name)
        for one in INDUSTRIES.values()
    ]


def industry(key: str | None) -> Branch | None:
    """The industry of that key, None for None. Raises Invalid when there is no such."""
    if key is None or key in INDUSTRIES:
        return None if key is None else INDUSTRIES[key]
    msg = Text(
        f"There is no industry {key!r}; there are {', '.join(INDUSTRIES)}.",
        f"没有行业 {key!r}；可用的有 {', '.join(INDUSTRIES)}。",
    )
    raise Invalid(msg, "industry", code=Code.NOT_FOUND)


@type_
class KpiInputStatus:
    """A kind of facts that a KPI needs, and whether the workspace has them."""

    id: strawberry.ID = plain("Names the kind of facts, for clients' caches.")
    key: str = plain("The kind of facts.")
    kind: str | None = plain("Which kind of them, where only one counts: NPS, of feedback.")
    is_available: bool = plain("Whether the workspace has any.")
    is_optional: bool = plain("Whether the KPI can be answered without.")
    count: int = plain("How many it has; no more than 10,000 are counted.")
    is_count_capped: bool = plain("Whether it has more than `count` says.")
    since: date | None = plain("The first day of which it has some.")
    until: date | None = plain("The last day of which it has some.")
    mutation: str = plain("The mutation that brings them.")
    source: strawberry.Private[Source]

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """What they are called."""
        return self.source.name.in_(locale or info.context.locale)

    @field
    def missing(self, info: Info, locale: LocaleArgument = None) -> str | None:
        """What is missing and how to bring it, for people; null where there is some."""
        return None if self.is_available else self.source.missing.in_(locale or info.context.locale)


async def inputs(info: Info, variant: Variant) -> list[KpiInputStatus]:
    """What `variant` needs and what the workspace has of it."""
    wanted = sources(variant)
    found = await asyncio.gather(*(info.context.gather(readiness.statuses, source) for source in wanted))
    return [_input(one, is_optional=wanted[one.source]) for one in found]


def _input(status: Status, *, is_optional: bool) -> KpiInputStatus:
    source = status.source
    return KpiInputStatus(
        # what is optional for one KPI is not for another
        id=strawberry.ID(ids.encode("KpiInputStatus", source.key, source.kind or "", int(is_optional))),
        key=source.key,
        kind=source.kind,
        is_available=status.is_available,
        is_optional=is_optional,
        count=status.count,
        is_count_capped=status.is_capped,
        since=status.since,
        until=status.until,
        mutation=source.mutation,
        source=source,
    )


async def is_ready(context: Context, variant: Variant) -> bool:
    """Whether the workspace has all that `variant` needs."""
    wanted = list(sources(variant))
    found = await asyncio.gather(*(context.gather(readiness.statuses, source) for source in wanted))
    available = {status.source for status in found if status.is_available}
    return not variant.lacks(having(variant, available.__contains__))
