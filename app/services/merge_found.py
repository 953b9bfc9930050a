"""Which merge of customers is meant by one of them, and what stands in the way of taking it back."""

from uuid import UUID

from sqlmodel import col, select

from app import ids
from app.errors import Code, Invalid
from app.models.customer import Customer
from app.models.merge import Merge
from app.services import descendants, merge_record, ref
from app.services.row import Ref
from app.text import Text
from app.uow import Uow


def find(uow: Uow, from_: Ref) -> Merge:
    """The merge in which the customer that `from_` names became part of another, undone or not.

    A name means the customer that had it of its own, which is found as another one now. Raises Invalid.
    """
    found = ref.require(ref.customers(uow, [from_]), from_, "customer", "from")
    assert isinstance(found, UUID)  # noqa: S101 - require() made sure
    if from_.id is not None:
        own = ids.decode_uuid(from_.id, "Customer") or found
        record = merge_record.of(uow, own)
        is_part = own != found
    else:
        record = _brought(uow, found, (from_.source or uow.actor.source, from_.external_id or ""))
        is_part = False
        if record is None:
            record = merge_record.of(uow, found)
    if record is None:
        raise Invalid(NO_RECORD if is_part else _NO_PART, "from", code=Code.CONFLICT)
    return record


def _brought(uow: Uow, customer_id: UUID, name: tuple[str, str]) -> Merge | None:
    """The merge in which this name first passed over, on its way to the customer that it means now."""
    passed = [record for record, memo in merge_record.open_within(uow, [customer_id]) if name in memo.names]
    later = {record.from_id for record in passed if any(one.into_id == record.from_id for one in passed)}
    return next((record for record in passed if record.from_id not in later), None)


NO_RECORD = Text(
    "This merge cannot be taken back: it was made before merges could be undone, or a source has deleted one of the "
    "two customers since.",
    "此次合并无法撤销：它早于可撤销合并的版本，或此后某来源已删除两位客户之一。",
)
_NO_PART = Text(
    "This customer has become part of no other one; name the record that was merged away, by its id or by a name that "
    "it brought.",
    "此客户并未并入其他客户；请用其 ID 或它带来的名称指明被并入的那条记录。",
)


def check_latest(uow: Uow, record: Merge, kept: Customer) -> None:
    """Refuse to take back a merge before what was merged since. Raises Invalid (CONFLICT)."""
    if kept.merged_into_id is not None:
        id_ = ids.encode("Customer", kept.id)
        msg = Text(
            f"The customer that it became part of has become part of another one since; undo that first, from {id_!r}.",
            f"它所并入的客户此后又并入了另一位客户；请先撤销那次合并，from 为 {id_!r}。",
        )
        raise Invalid(msg, "from", code=Code.CONFLICT)
    later = merge_record.later(uow, record)
    if later is not None:
        id_ = ids.encode("Customer", later.from_id)
        msg = Text(
            f"Another customer has become part of the same one since; undo that first, from {id_!r}.",
            f"此后又有另一位客户并入了同一客户；请先撤销那次合并，from 为 {id_!r}。",
        )
        raise Invalid(msg, "from", code=Code.CONFLICT)


def parent(uow: Uow, wanted: UUID | None, customer: Customer) -> UUID | None:
    """Who is to stand above a customer again, as they are now: perhaps part of somebody else, or not there any more."""
    if wanted is None:
        return None
    statement = select(Customer).where(Customer.id == wanted, col(Customer.deleted_at).is_(None))
    row = uow.session.scalars(statement).first()
    found = None if row is None else row.merged_into_id or row.id
    return None if found == customer.id else found


def check_circle(uow: Uow, *customers: Customer) -> None:
    """Refuse to bring back who would stand above themselves by now. Raises Invalid (CONFLICT)."""
    for customer in customers:
        if customer.id in descendants.above(uow, customer.id):
            msg = Text(
                "The accounts have changed since, so that one of the two would stand above itself; change its parent "
                "first.",
                "此后上下级关系已变化，撤销会使其中一方成为自己的上级；请先修改其上级。",
            )
            raise Invalid(msg, "from", code=Code.CONFLICT)
