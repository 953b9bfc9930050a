"""Customers in the schema."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app import ids
from app.kpis.kpi import LifecycleStage
from app.models.base import FOREVER, ChurnKind, CustomerKind
from app.models.buyer import Buyer
from app.models.customer import Customer as Row
from app.models.customer import CustomerStatus
from app.schema.channel import CHANNEL
from app.schema.context import Info
from app.schema.customer_input import CustomerUpsertInput
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.event import CustomerEvent, timeline
from app.schema.health import CustomerHealth
from app.schema.inputs import CustomerRefInput
from app.schema.lifecycle import CustomerStage
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.page import DEFAULT, After, Connection, First, part
from app.schema.rfv import CustomerRfv
from app.schema.scalars import CurrencyCode, Json, Moment
from app.schema.segment import CustomerSegment
from app.schema.weight import FEW, KPI_WEIGHT, sized, weighs
from app.schema.writing import Deletes, upserts
from app.services import buyer, customer, customer_delete, health, lifecycle, prediction, rfv, segment_member, tenure
from app.services.money import major
from app.services.prediction import PredictionLack
from app.services.spell import Dates
from app.services.timeline import CustomerEventKind, Wanted

if TYPE_CHECKING:
    from app.schema.prediction import Prediction


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
    churn_kind: ChurnKind | None = plain("Whether the customer chose to leave.")

    @classmethod
    def of(cls, row: Dates, *whose: object) -> Self:
        """The spell as the schema shows it; `whose` tells it from others that begin on its day."""
        return cls(
            id=strawberry.ID(ids.encode("CustomerSpell", *whose, row.start)),
            from_=row.start,
            before=None if row.end == FOREVER else row.end,
            reason=row.reason,
            churn_kind=row.kind,
        )


enum(
    PredictionLack,
    {
        "OPTED_OUT": "The customer objects to profiles.",
        "TEST_CUSTOMER": "This is a test or internal customer.",
        "NO_FIT": "No models have been fitted yet.",
        "NO_DATA": "There was too little data for any model; the latest fit says what was missing.",
        "NOT_COVERED": "The customer came after the latest fit, or is one of whom the models say nothing.",
    },
    name="PredictionNullReason",
)


@type_
class CustomerPurchases:
    """What a customer has bought so far."""

    id: strawberry.ID = plain("Names it, for clients' caches.")
    currency: CurrencyCode = plain("The currency of the amount.")
    value_to_date: Decimal | None = plain(
        "The historic lifetime value: what their orders came to, less refunds. Null while an exchange rate is missing."
    )
    orders: int = plain("How many orders that were not wholly refunded.")
    first_on: date = plain("The day of the first one.")

    @classmethod
    def of(cls, row: Buyer, currency: str) -> Self:
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("CustomerPurchases", row.customer_id)),
            currency=CurrencyCode(currency),
            value_to_date=None if row.unpriced else major(row.value, currency),
            orders=row.orders,
            first_on=row.day,
        )


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
    churn_kind: ChurnKind | None = plain("Whether the customer chose to leave.")
    is_test: bool = plain("Whether this is a test or internal customer, who counts in no KPI.")
    is_key_contact: bool = plain("Whether this person speaks for the account above.")
    profiling_opt_out: bool = plain("Whether the customer objects to profiles, so that nothing is predicted of them.")
    is_stub: bool = plain("Whether the customer was only named by a record so far.")
    created_at: Moment = plain("When the customer was first known here.")
    updated_at: Moment = plain("When the record last changed.")
    version: int = plain("Rises with each change; for `expectedVersion`.")
    row: strawberry.Private[Row]

    @field
    async def parent(self, info: Info) -> "Customer | None":
        """The account above this one."""
        return await CUSTOMER.related(info, self.row.parent_id)

    acquisition_channel = refers(CHANNEL, "acquisition_channel_id", "The channel that the customer came through.")

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
        """The times in which this was a customer, as the sources say, the earliest first."""
        rows = await info.context.load(customer.spells, self.row.id)
        return [CustomerSpell.of(row, self.row.id) for row in rows or ()]

    @field
    @sized(FEW)
    async def counted_spells(self, info: Info) -> list[CustomerSpell]:
        """The times in which KPIs count the customer as one, by the workspace's `activeBy`, the earliest first."""
        rows = await info.context.load(tenure.spells, self.row.id)
        return [CustomerSpell.of(row, self.row.id, "counted") for row in rows or ()]

    @field
    async def purchases(self, info: Info) -> CustomerPurchases | None:
        """What they have bought so far; null of those who never did."""
        row = await info.context.load(buyer.of_customers, self.row.id)
        return None if row is None else CustomerPurchases.of(*row)

    @field
    async def prediction(self, info: Info) -> Annotated["Prediction", strawberry.lazy("app.schema.prediction")] | None:
        """What is predicted of them; where nothing is, `predictionNullReason` says why."""
        from app.schema.prediction import PREDICTION  # noqa: PLC0415 - which shows its customer

        row = await info.context.load(prediction.of_customers, self.row.id)
        return None if row is None else PREDICTION.shown(info.context, row)

    @field
    async def prediction_null_reason(self, info: Info) -> PredictionLack | None:
        """Why nothing is predicted of them; null where something is."""
        return await info.context.load(prediction.lacks, self.row.id)

    @field
    async def health(self, info: Info) -> CustomerHealth:
        """How well they are, by what is known today."""
        row = await info.context.load(health.of_customers, self.row.id)
        assert row is not None  # noqa: S101 - there is one of everybody
        return CustomerHealth.of(str(self.id), row)

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
        "churn_kind",
        "created_at",
        "updated_at",
        "is_test",
        "is_key_contact",
        "is_stub",
        "profiling_opt_out",
        "parent",
        "acquisition_channel",
    ),
    orders=("-created_at", "updated_at", "name", "joined_on"),
    writes=(
        upserts(customer.upsert_batch, CustomerUpsertInput, stubs="parents and channels"),
        Deletes(customer_delete.delete_batch),
    ),
)
