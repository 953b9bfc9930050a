"""Contracts in the schema."""

from datetime import date
from decimal import Decimal
from typing import Any, Self

import strawberry

from app import ids
from app.models.base import FOREVER, ChurnKind
from app.models.contract import BillingInterval, ContractStatus
from app.models.contract import Contract as Row
from app.schema.contract_input import ContractRecordInput
from app.schema.customer import CUSTOMER
from app.schema.describe import field, plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.scalars import CurrencyCode
from app.schema.staff import STAFF
from app.schema.team import TEAM
from app.schema.weight import FEW, sized
from app.schema.writing import Deletes, records
from app.services import contract
from app.services.money import major


@type_
class ContractTerm:
    """What is paid for each interval from a day on, in the contract's currency."""

    id: strawberry.ID = plain("Names the term, for clients' caches.")
    from_: date = plain("The first day on which it holds, and the day of its exchange rate.", name="from")
    amount: Decimal = plain("What is paid for each interval.")


@type_
class Contract(CustomerEvent, Traits, Node):
    """What a customer has agreed to pay again and again, over some days; it happened when the first of them began."""

    status: ContractStatus = plain("Whether it counts.")
    from_: date = plain("The first day.", name="from")
    before: date | None = plain("The first day no longer meant; null while no end is agreed.")
    currency: CurrencyCode = plain("The currency of all its amounts.")
    interval: BillingInterval = plain("For how long an amount is paid.")
    reason: str | None = plain("Why it ended.")
    churn_kind: ChurnKind | None = plain("Whether the customer chose to end it.")
    product: str | None = plain("The product that it is about.")

    @field
    @sized(FEW)
    async def terms(self) -> list[ContractTerm]:
        """What is paid, by the day from which it holds, in order."""
        return [_term(self.row, term) for term in self.row.terms]

    customer = refers(CUSTOMER, "customer_id", "Whose it is.")
    staff = refers(STAFF, "staff_id", "Who looks after it.")
    team = refers(TEAM, "team_id", "The team that who looks after it belonged to on its first day.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        before = None if row.ends_on == FOREVER else row.ends_on
        return node_of(cls, row, from_=row.day, before=before)


def _term(row: Row, term: dict[str, Any]) -> ContractTerm:
    return ContractTerm(
        id=strawberry.ID(ids.encode("ContractTerm", row.id, term["from"], row.version)),
        from_=date.fromisoformat(term["from"]),
        amount=major(term["amount"], row.currency),
    )


CONTRACT = Noun(
    Contract,
    contract.LIST,
    one="contract",
    many="contracts",
    words=("a contract", "contracts"),
    filters=(
        "status",
        "currency",
        "interval",
        "reason",
        "churn_kind",
        "source",
        "external_id",
        "product",
        "campaign",
        "segment",
        "region",
        "from",
        "before",
        "recorded_at",
        "customer",
        "channel",
        "acquisition_channel",
        "staff",
        "team",
    ),
    orders=("-from", "recorded_at"),
    writes=(
        records(contract.record_batch, ContractRecordInput, stubs="customers, channels and staff"),
        Deletes(contract.delete_batch),
    ),
)
