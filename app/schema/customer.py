"""Customers in the schema."""

from datetime import date
from typing import Annotated, Self

import strawberry

from app import ids
from app.kpis.kpi import LifecycleStage
from app.models.base import FOREVER, CustomerKind
from app.models.customer import Customer as Row
from app.models.customer import CustomerStatus
from app.schema.channel import CHANNEL, Channel
from app.schema.context import Info
from app.schema.customer_input import CustomerUpsertInput
from app.schema.describe import arg, field, plain, type_
from app.schema.event import CustomerEvent, timeline
from app.schema.inputs import CustomerRefInput
from app.schema.lifecycle import CustomerStage
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.page import DEFAULT, After, Connection, First, part
from app.schema.rfv import CustomerRfv
from app.schema.scalars import Json, Moment
from app.schema.segment import CustomerSegment
from app.schema.weight import FEW, KPI_WEIGHT, sized, weighs
from app.schema.writing import upserts
from app.services import customer, lifecycle, rfv, segment_member
from app.services.timeline import CustomerEventKind, Wanted


@type_
class ExternalId:
    """A name under which some system knows a record."""

    id: strawberry.ID = plain("Names the pair, for clients' caches.")
    source: str = plain("The key of the source system.")
    external_id: str = plain("The record's id there.")


@type_
class CustomerSpell:
    """A time in which somebody was a customer."""

    id: strawberry.ID = plain("Names the spell, for clients' caches.")
    from_: date = plain("The first day as a customer.", name="from")
    before: date | None = plain("The first day no longer; null while it lasts.")
    reason: str | None = plain("Why it ended.")


@type_
class Customer(Node):
    """A person or an organisation, one record for all systems that know it."""

    name: str | None = plain("The name. Null without the scope personal:read.")
    email: str | None = plain("The e-mail address. Null without the scope personal:read.")
    phone: str | None = plain("The telephone number. Null without the scope personal:read.")
    attributes: Json | None = plain("Custom attributes. Null without the scope personal:read.")
    kind: CustomerKind | None = plain("One person or an organisation.")
    segment: str | None = plain("The segment.")
    region: str | None = plain("The region.")
    status: CustomerStatus = plain("Where the customer stands today.")
    first_contact_at: Moment | None = plain("When the customer was first met.")
    joined_on: date | None = plain("The first day of the latest time as a customer.")
    churned_on: date | None = plain("The first day without, if that time has ended.")
    churn_reason: str | None = plain("Why it ended.")
    is_test: bool = plain("Whether this is a test or internal customer, who counts in no KPI.")
    is_stub: bool = plain("Whether the customer was only named by a record so far.")
    created_at: Moment = plain("When the customer was first known here.")
    updated_at: Moment = plain("When the record last changed.")
    version: int = plain("Rises with each change; for `expectedVersion`.")
    row: strawberry.Private[Row]

    @field
    async def parent(self, info: Info) -> "Customer | None":
        """The account above this one."""
        return await CUSTOMER.related(info, self.row.parent_id)

    @field
    async def acquisition_channel(self, info: Info) -> Channel | None:
        """The channel that the customer came through."""
        return await CHANNEL.related(info, self.row.acquisition_channel_id)

    @field
    @sized(FEW)
    async def external_ids(self, info: Info) -> list[ExternalId]:
        """Under which names the systems know the customer."""
        rows = await info.context.load(customer.external_ids, self.row.id)
        return [
            ExternalId(
                id=strawberry.ID(ids.encode("ExternalId", row.source, row.external_id)),
                source=row.source,
                external_id=row.external_id,
            )
            for row in rows or ()
        ]

    @field
    @sized(FEW)
    async def spells(self, info: Info) -> list[CustomerSpell]:
        """The times in which this was a customer, the earliest first."""
        rows = await info.context.load(customer.spells, self.row.id)
        return [
            CustomerSpell(
                id=strawberry.ID(ids.encode("CustomerSpell", self.row.id, row.start)),
                from_=row.start,
                before=None if row.end == FOREVER else row.end,
                reason=row.reason,
            )
            for row in rows or ()
        ]

    @field
    async def lifecycle_stage(self, info: Info) -> LifecycleStage | None:
        """The stage of the lifecycle today: as a source states it, else derived from what the customer did."""
        return await info.context.load(lifecycle.current, self.row.id)

    @field
    @sized(FEW)
    async def stage_history(self, info: Info) -> list[CustomerStage]:
        """The stages of the lifecycle until today, the earliest first."""
        rows = await info.context.load(lifecycle.history, self.row.id)
        info.context.spend(len(rows or ()))
        return [CustomerStage.of(self.row.id, stay) for stay in rows or ()]

    @field
    @sized(FEW)
    async def segments(self, info: Info) -> list[CustomerSegment]:
        """The defined segments to which the customer belongs and belonged, the earliest first."""
        rows = await info.context.load(segment_member.stays, self.row.id)
        info.context.spend(len(rows or ()))
        return [CustomerSegment.of(self.row.id, stay) for stay in rows or ()]

    @field
    @weighs(KPI_WEIGHT)
    async def rfv(self, info: Info) -> CustomerRfv | None:
        """How the customer stands among all who bought; null for whoever did not."""
        found = await info.context.load(rfv.grades, self.row.id)
        return None if found is None else CustomerRfv.of(self.row.id, found)

    @field
    @sized(DEFAULT, by=("first",), fields=("nodes", "edges"))
    async def timeline(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        kinds: Annotated[
            list[CustomerEventKind] | None, arg("Of which kinds; by default all that the caller may see.")
        ] = None,
    ) -> Connection[CustomerEvent]:
        """What happened, whatever it was, the latest first."""
        part_ = part(first, after, None, None, info.context.door.settings.max_page_size)
        assert part_.first is not None  # noqa: S101 - it has a default
        wanted = Wanted(self.row.id, part_.first, after, None if kinds is None else frozenset(kinds))
        return await timeline(info, wanted)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            kind=row.customer_kind,
        )


CUSTOMER = Noun(
    Customer,
    customer.LIST,
    one="customer",
    many="customers",
    words=("a customer", "customers"),
    by=CustomerRefInput,
    filters=(
        "name",
        "email",
        "kind",
        "segment",
        "region",
        "status",
        "first_contact_at",
        "joined_on",
        "churned_on",
        "churn_reason",
        "created_at",
        "updated_at",
        "is_test",
        "is_stub",
        "parent",
        "acquisition_channel",
    ),
    orders=("-created_at", "updated_at", "name", "joined_on"),
    writes=(upserts(customer.upsert_batch, CustomerUpsertInput, stubs="parents and channels"),),
)
