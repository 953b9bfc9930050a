"""The roots that read."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import strawberry

from app.errors import Code, Invalid
from app.kpis import CATALOGUE
from app.kpis.industry import INDUSTRIES
from app.kpis.kpi import BusinessModel, LifecycleStage
from app.schema.audit import AuditRoots
from app.schema.catalogue import KpiDefinition, KpiKey, definition, definitions
from app.schema.change import ChangeRoots
from app.schema.channel_effectiveness import ChannelEffectivenessRoot
from app.schema.cohort_table import CohortTableRoot
from app.schema.context import Info
from app.schema.custom_kpi import KpiMeasureRoot
from app.schema.deployment import WorkspacesRoot
from app.schema.describe import arg, field
from app.schema.filters import KpiFilterInput
from app.schema.import_mapping import ImportMappingRoots
from app.schema.kpi import KpiResult, ask
from app.schema.kpi_input import KpiInput
from app.schema.lead_funnel import LeadFunnelRoot
from app.schema.made import root
from app.schema.mirror import MirrorReads
from app.schema.node import Node, find
from app.schema.noun import Noun
from app.schema.nouns import NOUNS
from app.schema.period import PeriodInput
from app.schema.rate_limit import RATE_LIMIT
from app.schema.readiness import Industry, industries
from app.schema.segmenting import SegmentingRoot
from app.schema.token import TokensRoot
from app.schema.top_customers import TopCustomersRoot
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.schema.workspace import Workspace
from app.services import custom_kpi, workspace
from app.text import Text

MOST_AT_ONCE = 100
"""Most KPIs or nodes that one field answers."""


class KpiRoots:
    """The workspace and its figures."""

    rate_limit = RATE_LIMIT

    @field
    async def workspace(self, info: Info) -> Workspace | None:
        """The caller's workspace."""
        return Workspace.of(await info.context.run(workspace.get))

    @field
    @weighs(KPI_WEIGHT)
    async def kpi(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        key: Annotated[KpiKey, arg("The KPI.")],
        period: Annotated[PeriodInput, arg("Over which days.")],
        variant: Annotated[str | None, arg("Which reading; the default one when absent.")] = None,
        filter: Annotated[list[KpiFilterInput] | None, arg("Narrowed to what; all must hold.")] = None,
        known_on: Annotated[date | None, arg("As it was known at the end of this day; now when absent.")] = None,
        custom: Annotated[str | None, arg("The key of a KPI of the workspace's own, with CUSTOM.")] = None,
    ) -> KpiResult | None:
        """One KPI over some days."""
        return await ask(info.context, custom_kpi.asked(key.value, custom), period, variant, filter, known_on)

    @field
    @weighs(KPI_WEIGHT)
    @sized(MOST_AT_ONCE, by=("ask",))
    async def kpis(
        self, info: Info, ask: Annotated[list[KpiInput], arg("The KPIs; at most 100.")]
    ) -> list[KpiResult | None]:
        """Several KPIs, in the order asked for, read from one snapshot."""
        check_count(ask, "ask")
        return [_one(info, item) for item in ask]  # type: ignore[misc]  # graphql-core awaits the items side by side

    @field
    async def kpi_definition(self, info: Info, key: Annotated[str, arg("The key of the KPI.")]) -> KpiDefinition | None:
        """What a KPI means, one that the workspace defines too; null when there is none of that key."""
        return await definition(info.context, key)

    @field
    @sized(len(CATALOGUE))
    async def kpi_definitions(
        self,
        info: Info,
        stage: Annotated[LifecycleStage | None, arg("Only those that watch this stage.")] = None,
        industry: Annotated[str | None, arg("Only those typical of this industry, the most telling first.")] = None,
        model: Annotated[BusinessModel | None, arg("Only those meant for this kind of business.")] = None,
        ready: Annotated[bool | None, arg("Only those for which the workspace has what they need, or has not.")] = None,
    ) -> list[KpiDefinition]:
        """The catalogue, and what the workspace defines itself."""
        return await definitions(info, stage, industry, model, ready)

    @field
    @sized(len(INDUSTRIES))
    async def industries(self) -> list[Industry]:
        """The industries for which the catalogue knows typical KPIs."""
        return industries()


def node_roots(nouns: Sequence[Noun[Any]]) -> type:
    """The fields that find anything by its global id: rows of `nouns`, and what is no row."""
    finders = {noun.name: noun.finder for noun in nouns}

    class NodeRoots:
        @field
        @weighs(KPI_WEIGHT)
        async def node(self, info: Info, id: Annotated[strawberry.ID, arg("Its global id.")]) -> Node | None:
            """The object of that global id; null when there is none here."""
            return await find(info.context, id, finders)  # type: ignore[no-any-return]  # some node

        @field
        @weighs(KPI_WEIGHT)
        @sized(MOST_AT_ONCE, by=("ids",))
        async def nodes(
            self, info: Info, ids: Annotated[list[strawberry.ID], arg("Their global ids; at most 100.")]
        ) -> list[Node | None]:
            """The objects of those global ids, in order; null for each that is not here."""
            check_count(ids, "ids")
            return [find(info.context, id_, finders) for id_ in ids]  # type: ignore[misc]  # graphql-core awaits the items side by side

    return NodeRoots


async def _one(info: Info, item: KpiInput) -> KpiResult:
    custom = None if item.custom is strawberry.UNSET else item.custom
    key = custom_kpi.asked(item.key.value, custom)
    return await ask(info.context, key, item.period, item.variant, item.filter, item.known_on)


def check_count(given: list[object] | list[KpiInput] | list[strawberry.ID], name: str) -> None:
    """Refuse more than are answered at once. Raises Invalid."""
    if len(given) > MOST_AT_ONCE:
        msg = Text(
            f"{name} has at most {MOST_AT_ONCE} entries; this one has {len(given)}.",
            f"{name} 最多有 {MOST_AT_ONCE} 项；这里有 {len(given)} 项。",
        )
        raise Invalid(msg, name, code=Code.TOO_MANY)


def query(nouns: Sequence[Noun[Any]]) -> type:
    """The root that reads a schema of `nouns`."""
    reads = (noun.reads for noun in nouns)
    return root(
        "Query",
        "Everything that can be read.",
        KpiRoots,
        TopCustomersRoot,
        ChannelEffectivenessRoot,
        CohortTableRoot,
        LeadFunnelRoot,
        KpiMeasureRoot,
        SegmentingRoot,
        ChangeRoots,
        AuditRoots,
        MirrorReads,
        ImportMappingRoots,
        TokensRoot,
        WorkspacesRoot,
        *reads,
        node_roots(nouns),
    )


Query = query(NOUNS)
