"""The names that sources have for customers: looked up, living and dead, and brought back."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select, update

from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.uow import Uow


def of_source(uow: Uow, source: str, external_ids: Sequence[str]) -> dict[str, CustomerExternalId]:
    """Those of these names of a source that are known, deleted ones too."""
    named = uow.db.is_any(CustomerExternalId.external_id, list(external_ids))
    statement = select(CustomerExternalId).where(CustomerExternalId.source == source, named)
    found = uow.session.scalars(statement.execution_options(populate_existing=True))
    return {name.external_id: name for name in found}


def of_customers(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, list[CustomerExternalId]]:
    """The living names of each of these customers, by source."""
    statement = (
        select(CustomerExternalId)
        .where(
            uow.db.is_any(CustomerExternalId.customer_id, list(customer_ids)),
            col(CustomerExternalId.deleted_at).is_(None),
        )
        .order_by(CustomerExternalId.source, CustomerExternalId.external_id)
    )
    found: dict[UUID, list[CustomerExternalId]] = {id_: [] for id_ in customer_ids}
    for row in uow.session.scalars(statement):
        found[row.customer_id].append(row)
    return found


def revive(uow: Uow, name: CustomerExternalId) -> UUID:
    """Have a deleted name mean its customer again, who is back as a stub where no other name was left."""
    name.deleted_at = None
    customer = uow.session.get_one(Customer, (uow.tenant_id, name.customer_id))
    if customer.deleted_at is not None:
        restore(uow, customer)
        uow.record(customer, "Customer", Action.CREATED)
    uow.session.flush()
    return customer.id


def restore(uow: Uow, customer: Customer) -> None:
    """Have a deleted customer be there again, with those that were merged into it; the stub that it was left as."""
    customer.deleted_at, customer.updated_at, customer.version = None, uow.now, customer.version + 1
    mark_merged(uow, [customer.id], deleted=False)


def mark_merged(uow: Uow, customer_ids: Sequence[UUID], *, deleted: bool) -> None:
    """What was merged into these customers is deleted with them, or is there again."""
    parts = update(Customer).where(uow.db.is_any(Customer.merged_into_id, list(customer_ids)))
    at = uow.now if deleted else None
    uow.session.execute(parts.values(deleted_at=at), execution_options={"synchronize_session": "fetch"})
