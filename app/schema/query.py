"""The roots that read."""

from datetime import date
from typing import Annotated

import strawberry

from app.errors import Code, Invalid
from app.kpis import CATALOGUE
from app.kpis.kpi import BusinessModel, LifecycleStage
from app.schema import channel as channels
from app.schema import customer as customers
from app.schema import customer_input as customer_lists
from app.schema import feedback as feedbacks
from app.schema import feedback_input as feedback_lists
from app.schema import staff as staffs
from app.schema import survey as surveys
from app.schema import target as targets_
from app.schema import target_input as target_lists
from app.schema.catalogue import KpiDefinition, KpiKey
from app.schema.context import Info
from app.schema.describe import arg, field, type_
from app.schema.filters import KpiFilterInput
from app.schema.inputs import (
    ChannelRefInput,
    CustomerRefInput,
    StaffRefInput,
    SurveyRefInput,
    as_ref,
    orders,
    tree,
)
from app.schema.kpi import KpiResult, ask
from app.schema.kpi_input import KpiInput
from app.schema.node import Node, find
from app.schema.page import After, Before, Connection, First, Last, listed, part
from app.schema.period import PeriodInput
from app.schema.workspace import Workspace
from app.services import channel, customer, feedback, staff, survey, target, workspace

MOST_AT_ONCE = 100
"""Most KPIs or nodes that one field answers."""


@type_
class Query:
    """Everything that can be read."""

    @field
    async def workspace(self, info: Info) -> Workspace | None:
        """The caller's workspace."""
        return Workspace.of(await info.context.run(workspace.get))

    @field
    async def kpi(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        key: Annotated[KpiKey, arg("The KPI.")],
        period: Annotated[PeriodInput, arg("Over which days.")],
        variant: Annotated[str | None, arg("Which reading; the default one when absent.")] = None,
        filter: Annotated[list[KpiFilterInput] | None, arg("Narrowed to what; all must hold.")] = None,
        known_on: Annotated[date | None, arg("As it was known at the end of this day; now when absent.")] = None,
    ) -> KpiResult | None:
        """One KPI over some days."""
        return await ask(info, key.value, period, variant, filter, known_on)

    @field
    async def kpis(
        self, info: Info, ask: Annotated[list[KpiInput], arg("The KPIs; at most 100.")]
    ) -> list[KpiResult | None]:
        """Several KPIs, in the order asked for, read from one snapshot."""
        check_count(ask, "ask")
        return [_one(info, item) for item in ask]  # type: ignore[misc]  # graphql-core awaits the items side by side

    @field
    async def kpi_definition(self, info: Info, key: Annotated[str, arg("The key of the KPI.")]) -> KpiDefinition | None:
        """What a KPI means; null when there is none of that key."""
        del info
        return KpiDefinition.of(CATALOGUE[key]) if key in CATALOGUE else None

    @field
    async def kpi_definitions(
        self,
        stage: Annotated[LifecycleStage | None, arg("Only those that watch this stage.")] = None,
        industry: Annotated[str | None, arg("Only those meant for this industry.")] = None,
        model: Annotated[BusinessModel | None, arg("Only those meant for this kind of business.")] = None,
    ) -> list[KpiDefinition]:
        """The catalogue."""
        return [
            KpiDefinition.of(kpi)
            for kpi in CATALOGUE.values()
            if (stage is None or kpi.stage is stage)
            and (model is None or model in kpi.models)
            and (industry is None or not kpi.industries or industry in kpi.industries)
        ]

    @field
    async def channel(self, info: Info, by: Annotated[ChannelRefInput, arg("Which one.")]) -> channels.Channel | None:
        """A channel; null when there is none of that name here."""
        row = await info.context.run(channel.find, as_ref(by))
        return channels.Channel.of(row) if row else None

    @field
    async def channels(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[channels.ChannelFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[channels.ChannelOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[channels.Channel] | None:
        """The channels."""
        order = orders(order_by, channels.COLUMNS, channels.DEFAULT)
        chosen = part(first, after, last, before)
        return await listed(info, channel.page, channel.count, channels.Channel.of, chosen, tree(filter), order)

    @field
    async def staff_member(self, info: Info, by: Annotated[StaffRefInput, arg("Which one.")]) -> staffs.Staff | None:
        """A member of staff; null when there is none of that name here."""
        row = await info.context.run(staff.find, as_ref(by))
        return staffs.Staff.of(row) if row else None

    @field
    async def staff(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[staffs.StaffFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[staffs.StaffOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[staffs.Staff] | None:
        """The staff."""
        order = orders(order_by, staffs.COLUMNS, staffs.DEFAULT)
        chosen = part(first, after, last, before)
        return await listed(info, staff.page, staff.count, staffs.Staff.of, chosen, tree(filter), order)

    @field
    async def survey(self, info: Info, by: Annotated[SurveyRefInput, arg("Which one.")]) -> surveys.Survey | None:
        """A survey; null when there is none of that name here."""
        row = await info.context.run(survey.find, as_ref(by))
        return surveys.Survey.of(row) if row else None

    @field
    async def surveys(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[surveys.SurveyFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[surveys.SurveyOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[surveys.Survey] | None:
        """The surveys."""
        order = orders(order_by, surveys.COLUMNS, surveys.DEFAULT)
        chosen = part(first, after, last, before)
        return await listed(info, survey.page, survey.count, surveys.Survey.of, chosen, tree(filter), order)

    @field
    async def customer(
        self, info: Info, by: Annotated[CustomerRefInput, arg("Which one.")]
    ) -> customers.Customer | None:
        """A customer; null when there is none of that name here."""
        row = await info.context.run(customer.find, as_ref(by))
        return customers.shown(info, row) if row else None

    @field
    async def customers(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[customer_lists.CustomerFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[customer_lists.CustomerOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[customers.Customer] | None:
        """The customers."""
        order = orders(order_by, customer_lists.COLUMNS, customer_lists.DEFAULT)
        chosen = part(first, after, last, before)
        shown = lambda row: customers.shown(info, row)  # noqa: E731 - a name for the argument below
        return await listed(info, customer.page, customer.count, shown, chosen, tree(filter), order)

    @field
    async def feedback_item(
        self, info: Info, by: Annotated[feedback_lists.FeedbackRefInput, arg("Which one.")]
    ) -> feedbacks.Feedback | None:
        """A feedback; null when there is none of that name here."""
        row = await info.context.run(feedback.find, as_ref(by))
        return feedbacks.shown(info, row) if row else None

    @field
    async def feedback(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[feedback_lists.FeedbackFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[feedback_lists.FeedbackOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[feedbacks.Feedback] | None:
        """The feedback."""
        order = orders(order_by, feedback_lists.COLUMNS, feedback_lists.DEFAULT)
        chosen = part(first, after, last, before)
        shown = lambda row: feedbacks.shown(info, row)  # noqa: E731 - a name for the argument below
        return await listed(info, feedback.page, feedback.count, shown, chosen, tree(filter), order)

    @field
    async def target(
        self, info: Info, by: Annotated[target_lists.TargetRefInput, arg("Which one.")]
    ) -> targets_.Target | None:
        """A target; null when there is none of that name here."""
        row = await info.context.run(target.find, as_ref(by))
        return targets_.Target.of(row) if row else None

    @field
    async def targets(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[target_lists.TargetFilterInput | None, arg("Which ones.")] = None,
        order_by: Annotated[list[target_lists.TargetOrderInput] | None, arg("In which order.")] = None,
    ) -> Connection[targets_.Target] | None:
        """The targets, visible to everyone in the workspace."""
        order = orders(order_by, target_lists.COLUMNS, target_lists.DEFAULT)
        chosen = part(first, after, last, before)
        return await listed(info, target.page, target.count, targets_.Target.of, chosen, tree(filter), order)

    @field
    async def node(self, info: Info, id: Annotated[strawberry.ID, arg("Its global id.")]) -> Node | None:
        """The object of that global id; null when there is none here."""
        return await find(info.context, id)  # type: ignore[no-any-return]  # some node

    @field
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], arg("Their global ids; at most 100.")]
    ) -> list[Node | None]:
        """The objects of those global ids, in order; null for each that is not here."""
        check_count(ids, "ids")
        return [find(info.context, id_) for id_ in ids]  # type: ignore[misc]  # graphql-core awaits the items side by side


async def _one(info: Info, item: KpiInput) -> KpiResult:
    return await ask(info, item.key.value, item.period, item.variant, item.filter, item.known_on)


def check_count(given: list[object] | list[KpiInput] | list[strawberry.ID], name: str) -> None:
    """Refuse more than are answered at once. Raises Invalid."""
    if len(given) > MOST_AT_ONCE:
        msg = f"{name} has at most {MOST_AT_ONCE} entries; this one has {len(given)}."
        raise Invalid(msg, name, code=Code.TOO_MANY)
