"""What can be imported and exported: for each type of file the rows, the service that takes them, and the scopes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.actor import Scope
from app.errors import Forbidden
from app.models.bulk_import import BulkType
from app.services import (
    contract,
    cost,
    customer,
    engagement,
    exchange_rate,
    feedback,
    interaction,
    invitation,
    lead,
    order,
    referral,
    refund,
    touchpoint,
)
from app.services.customer_row import CustomerRow
from app.services.kind import Kind
from app.services.listing import Listing
from app.services.row import MAX_DEPTH, MAX_ROWS, Row
from app.text import Text
from app.uow import Uow

MOST_COSTS = 13
"""Costs in one batch: as many as may accrue over ten years each."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """One type of file.

    `noun` is the type of its records in the schema, `rows` how they are read and `write` the service that takes up to
    `batch` of them. `delete` takes them back; customers, who are of no `kind`, have none.
    """

    noun: str
    row: type[Row]
    rows: Listing[Any]
    write: Callable[..., Any]
    delete: Callable[..., Any] | None = None
    kind: Kind | None = None
    batch: int = MAX_ROWS

    @property
    def read_scope(self) -> Scope:
        """What an export of it needs."""
        return self.rows.scope

    @property
    def write_scope(self) -> Scope:
        """What an import of it needs."""
        scope: Scope = self.write.scope  # type: ignore[attr-defined]  # it is marked
        return scope


def _facts(module: Any, kind: Kind, batch: int = MAX_ROWS) -> Bulk:  # noqa: ANN401 - a service of facts
    return Bulk(kind.noun, kind.row, module.LIST, module.record_batch, module.delete_batch, kind=kind, batch=batch)


BULK: Mapping[BulkType, Bulk] = {
    BulkType.CUSTOMERS: Bulk("Customer", CustomerRow, customer.LIST, customer.upsert_batch),
    BulkType.INVITATIONS: _facts(invitation, invitation.INVITATIONS),
    BulkType.FEEDBACK: _facts(feedback, feedback.FACTS),
    BulkType.ORDERS: _facts(order, order.ORDERS),
    BulkType.REFUNDS: _facts(refund, refund.REFUNDS),
    BulkType.COSTS: _facts(cost, cost.COSTS, MOST_COSTS),
    BulkType.TOUCHPOINTS: _facts(touchpoint, touchpoint.TOUCHPOINTS),
    BulkType.INTERACTIONS: _facts(interaction, interaction.INTERACTIONS),
    BulkType.LEADS: _facts(lead, lead.LEADS),
    BulkType.REFERRALS: _facts(referral, referral.REFERRALS),
    BulkType.ENGAGEMENTS: _facts(engagement, engagement.ENGAGEMENTS),
    BulkType.CONTRACTS: _facts(contract, contract.CONTRACTS),
    BulkType.EXCHANGE_RATES: _facts(exchange_rate, exchange_rate.EXCHANGE_RATES),
}
"""Every type of file."""


def require(uow: Uow, scope: Scope) -> None:
    """Refuse an actor without the scope that the records of a file need. Raises Forbidden."""
    if not uow.may(scope):
        text = Text(
            f"This needs the scope {scope.value}, which the token does not have.",
            f"这需要权限范围 {scope.value}，而此令牌没有。",
        )
        raise Forbidden(text)


def storable(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """JSON as every database can keep it: without characters that are none, and not nested without end."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(one, depth + 1) for key, one in value.items()}
    return [storable(one, depth + 1) for one in value] if isinstance(value, list | tuple) else value
