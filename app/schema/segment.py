"""Segments in the schema."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from app import ids
from app.models.base import FOREVER
from app.models.segment import Segment as Row
from app.models.segment import SegmentKind
from app.schema.context import Info
from app.schema.describe import absent, arg, enum, field, input_, plain, type_
from app.schema.inputs import SegmentRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.page import DEFAULT, After, Before, Connection, First, Last, connection, part
from app.schema.scalars import Moment
from app.schema.segment_rule import SegmentRule, SegmentRuleInput, shown_rule
from app.schema.weight import sized, weighs
from app.schema.writing import WEIGHT, Upsert
from app.services import segment, segment_member
from app.services.segment_member import Stay, Wanted
from app.services.segment_template import TEMPLATES, Template

if TYPE_CHECKING:  # customers refer to segments and segments to customers
    from app.schema.customer import Customer

enum(
    SegmentKind,
    {"RULE": "Customers belong to it who meet its rule.", "MANUAL": "Customers belong to it who are added by hand."},
)
enum(Template, {one.value: made.about.en for one, made in TEMPLATES.items()}, name="SegmentTemplateKey")

OnDay = Annotated[date | None, arg("On which day; by default today.")]


@type_
class Segment(Node):
    """A group of customers. Each belongs to it from a day until another, so that what was counted stays so."""

    external_id: str = plain("Its key in the workspace, by which KPIs are filtered.")
    name: str = plain("Its name.")
    description: str | None = plain("What it is for.")
    kind: SegmentKind = plain("How customers come to belong to it.")
    refreshed_at: Moment | None = plain(
        "When it was last brought up to date with its rule; null before the first time."
    )
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed, but for who belongs to it.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Row]

    @field
    def rule(self) -> SegmentRule | None:
        """Who belongs to it, as it was given; null where customers are added by hand."""
        return shown_rule(self.row.rule)

    @field
    @weighs(1)
    async def member_count(self, info: Info, on: OnDay = None) -> int:
        """How many customers belong to it."""
        return await info.context.gather(segment_member.counts, (self.row.id, on))

    @field
    @weighs(WEIGHT)
    @sized(DEFAULT, by=("first", "last"), fields=("nodes", "edges"))
    async def members(  # noqa: PLR0913 - the arguments of a list
        self,
        info: Info,
        on: OnDay = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Annotated["Customer", strawberry.lazy("app.schema.customer")]]:
        """The customers that belong to it, in the order in which they were first known here."""
        from app.schema.customer import CUSTOMER  # noqa: PLC0415 - see TYPE_CHECKING above

        chosen = part(first, after, last, before, info.context.door.settings.max_page_size)
        page = await info.context.gather(segment_member.pages, Wanted(self.row.id, on, chosen))
        info.context.spend(len(page.rows))

        async def count() -> int:
            return await info.context.gather(segment_member.counts, (self.row.id, on))

        return connection(page, lambda row: CUSTOMER.shown(info.context, row), count)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(cls, row, external_id=row.key)


@type_
class CustomerSegment:
    """A time in which a customer belonged to a segment."""

    id: strawberry.ID = plain("Names the time, for clients' caches.")
    from_: date = plain("The first day in it.", name="from")
    before: date | None = plain("The first day no longer; null while it lasts.")
    stay: strawberry.Private[Stay]

    @field
    async def segment(self, info: Info) -> Segment | None:
        """Which segment."""
        return await SEGMENT.related(info, self.stay.segment_id)

    @classmethod
    def of(cls, customer_id: UUID, stay: Stay) -> Self:
        """The time as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("CustomerSegment", customer_id, stay.segment_id, stay.start)),
            from_=stay.start,
            before=None if stay.end == FOREVER else stay.end,
            stay=stay,
        )


@input_
class SegmentUpsertInput:
    """A segment; absent keeps, null clears. Whoever meets its rule belongs to it from then on."""

    external_id: str = plain("Its key in the workspace; none that sources call the segment of customers.")
    name: str = plain("Its name.")
    description: str | None = absent("What it is for.")
    kind: SegmentKind | None = absent("How customers come to belong to it; RULE at first.")
    rule: SegmentRuleInput | None = absent("Who belongs to it.")
    template: Template | None = absent("Who belongs to it, by a rule that is ready made.")
    members_from: date | None = absent(
        "From which day those belong to it who meet the rule when it is first applied; by default from that day."
    )


SEGMENT = Noun(
    Segment,
    segment.LIST,
    one="segment",
    many="segments",
    words=("a segment", "segments"),
    by=SegmentRefInput,
    filters=("external_id", "name", "kind", "created_at", "refreshed_at"),
    orders=("external_id", "name"),
    writes=(Upsert(segment.upsert, SegmentUpsertInput),),
)
