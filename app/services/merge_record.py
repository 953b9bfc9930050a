"""What is written down of a merge of customers, so that it can be taken back: who had what, and what passed over."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import literal
from sqlmodel import col, delete, insert, or_, select

from app.models.base import ChurnKind, CustomerKind, Recorded
from app.models.contract import Contract
from app.models.cost import Cost
from app.models.customer import Customer, CustomerExternalId
from app.models.engagement import Engagement
from app.models.feedback import Feedback
from app.models.interaction import Interaction
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.merge import Merge, Moved
from app.models.order import Order
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.segment import SegmentMember
from app.models.touchpoint import Touchpoint
from app.services import customer_name, lifecycle, spell
from app.uow import Uow

FACTS = (Feedback, Invitation, Order, Refund, Touchpoint, Interaction, Lead, Referral, Engagement, Contract)
"""What passes over with its customer and is counted."""
_PLACES: tuple[tuple[type[Recorded], str], ...] = (
    *((model, "customer_id") for model in (*FACTS, Cost)),
    (Referral, "referred_id"),
)
_UNSEEN = {"synchronize_session": False}

Cells = tuple[
    date,
    date,
    str | None,
    ChurnKind | None,
    int,
    bool,
    str | None,
    UUID | None,
    str | None,
    str | None,
    CustomerKind | None,
    bool,
]
"""A spell as the ledger says it."""


class Said(BaseModel):
    """What is said of a customer in so many words; names that are not set were as they are."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    segment: str | None = None
    region: str | None = None
    customer_kind: CustomerKind | None = None
    acquisition_channel_id: UUID | None = None
    parent_id: UUID | None = None
    first_contact_at: datetime | None = None
    is_key_contact: bool = False
    is_stub: bool = False
    attributes: dict[str, Any] = {}


class Memo(BaseModel):
    """What either customer had before a merge.

    `gone` is what was said of the one, `names` what sources called it (source and id), `below` the accounts right below
    it, `parts` who had been merged into it. `kept` is what the merge changed of the other, and `left` what it made of
    that; `added` are the attributes that it gave. Spells, stays (segment, first day, first day without) and stages are
    of each.
    """

    gone: Said
    names: set[tuple[str, str]]
    below: list[UUID]
    parts: list[UUID]
    gone_spells: list[Cells]
    kept_spells: list[Cells]
    gone_stays: list[tuple[UUID, date, date]]
    kept_stays: list[tuple[UUID, date, date]]
    gone_stages: list[tuple[date, str | None]]
    kept_stages: list[tuple[date, str | None]]
    kept: Said = Said()
    left: Said = Said()
    added: list[str] = []


def said(customer: Customer) -> dict[str, Any]:
    """What is said of a customer, by name."""
    return {name: getattr(customer, name) for name in Said.model_fields}


def begin(uow: Uow, gone: Customer, kept: Customer) -> Merge:
    """Write down what both customers have, before anything of it changes."""
    uow.session.execute(delete(Merge).where(col(Merge.from_id) == gone.id), execution_options=_UNSEEN)
    ledgers = spell.in_force(uow, [gone.id, kept.id])
    memo = Memo(
        gone=Said(**said(gone)),
        names={(name.source, name.external_id) for name in all_names(uow, gone.id)},
        below=_ids(uow, Customer.parent_id, gone.id),
        parts=_ids(uow, Customer.merged_into_id, gone.id),
        gone_spells=sorted(ledgers[gone.id], key=lambda cells: cells[:2]),
        kept_spells=sorted(ledgers[kept.id], key=lambda cells: cells[:2]),
        gone_stays=_stays(uow, gone.id),
        kept_stays=_stays(uow, kept.id),
        gone_stages=lifecycle.stated(uow, gone.id),
        kept_stages=lifecycle.stated(uow, kept.id),
    )
    record = Merge(
        tenant_id=uow.tenant_id,
        from_id=gone.id,
        into_id=kept.id,
        version=kept.version + 1,
        day=uow.today,
        document=memo.model_dump(mode="json", exclude_unset=True),
        merged_at=uow.now,
    )
    uow.session.add(record)
    uow.session.flush()
    _note_records(uow, record)
    return record


def end(record: Merge, before: dict[str, Any], kept: Customer, gone_attributes: dict[str, Any]) -> None:
    """Write down what the merge made of what was said of the other customer, `before`."""
    now = said(kept)
    changed = [name for name in now if now[name] != before[name] and name != "attributes"]
    memo = Memo.model_validate(record.document)
    memo.kept = Said(**{name: before[name] for name in changed})
    memo.left = Said(**{name: now[name] for name in changed})
    memo.added = [key for key in gone_attributes if key not in before["attributes"]]
    record.document = memo.model_dump(mode="json", exclude_unset=True)


def all_names(uow: Uow, customer_id: UUID) -> Sequence[CustomerExternalId]:
    """What sources call a customer, and what they have called it and taken back."""
    return uow.session.scalars(select(CustomerExternalId).where(CustomerExternalId.customer_id == customer_id)).all()


def _stays(uow: Uow, customer_id: UUID) -> list[tuple[UUID, date, date]]:
    rows = uow.session.scalars(select(SegmentMember).where(SegmentMember.customer_id == customer_id))
    return [(row.segment_id, row.starts_on, row.ends_on) for row in rows]


def _ids(uow: Uow, column: Any, customer_id: UUID) -> list[UUID]:  # noqa: ANN401 - a column
    return list(uow.session.scalars(select(Customer.id).where(column == customer_id)))


def _note_records(uow: Uow, record: Merge) -> None:
    """Write down which records are to pass over, however many they are."""
    for model, column in _PLACES:
        each: Any = model
        cells: tuple[Any, ...] = (
            literal(place(model, column)).label("place"),
            each.id.label("record"),
            each.version,
            each.known_on,
        )
        rows = uow.session.execute(select(*cells).where(getattr(each, column) == record.from_id)).mappings()
        whose = {"tenant_id": uow.tenant_id, "merge_id": record.id}
        if found := [{**whose, **row} for row in rows]:
            uow.session.execute(insert(Moved), found)


def place(model: type[Recorded], column: str = "customer_id") -> str:
    """What says in which column of which table a record named its customer."""
    return f"{model.__tablename__}.{column}"


def moved(uow: Uow, record: Merge, model: type[Recorded], column: str = "customer_id") -> list[Any]:
    """The records that passed over and still are of the other customer: (id, is as it was, known on then)."""
    each: Any = model
    was: tuple[Any, ...] = (col(Moved.version).label("was"), col(Moved.known_on).label("then"))
    cells: tuple[Any, ...] = (each.id, each.version, each.known_on, *was)
    statement = (
        select(*cells)
        .join(Moved, (col(Moved.tenant_id) == each.tenant_id) & (col(Moved.record) == each.id))
        .where(
            col(Moved.merge_id) == record.id,
            col(Moved.place) == place(model, column),
            getattr(each, column) == record.into_id,
        )
    )
    rows = uow.session.execute(statement.order_by(each.id))
    return [(row.id, row.version == row.was and row.known_on == record.day, row.then) for row in rows]


def close(uow: Uow, record: Merge, staying: int) -> None:
    """Note that the merge is undone; what was written down for that goes."""
    record.undone_at, record.document, record.staying = uow.now, {}, staying
    uow.session.execute(delete(Moved).where(col(Moved.merge_id) == record.id), execution_options=_UNSEEN)
    uow.session.flush()


def of(uow: Uow, customer_id: UUID) -> Merge | None:
    """The latest merge in which this customer became part of another, undone or not."""
    return uow.session.scalars(select(Merge).where(Merge.from_id == customer_id)).first()


def open_within(uow: Uow, customer_ids: Collection[UUID]) -> Iterator[tuple[Merge, Memo]]:
    """The merges that can be undone of what is part of these customers now, and what either side had."""
    parts = select(Customer.id).where(uow.db.is_any(Customer.merged_into_id, list(customer_ids)))
    statement = select(Merge).where(col(Merge.from_id).in_(parts), col(Merge.undone_at).is_(None))
    for record in uow.session.scalars(statement.order_by(col(Merge.id))):
        yield record, Memo.model_validate(record.document)


def later(uow: Uow, record: Merge) -> Merge | None:
    """The latest merge into the same customer after this one, if there is one that is not undone."""
    after = (Merge.into_id == record.into_id, Merge.version > record.version, col(Merge.undone_at).is_(None))
    return uow.session.scalars(select(Merge).where(*after).order_by(col(Merge.version).desc())).first()


def lose(uow: Uow, customer_ids: Collection[UUID]) -> None:
    """Forget those merges of which the sources have deleted all that the one customer was called: it is to be gone."""
    living = {
        (name.source, name.external_id)
        for some in customer_name.of_customers(uow, list(customer_ids)).values()
        for name in some
    }
    _delete(uow, [record.id for record, memo in open_within(uow, customer_ids) if not memo.names & living])


def forget(uow: Uow, customer_ids: Collection[UUID]) -> None:
    """Forget all merges of these customers, who are deleted, and of those who are part of them."""
    ids = list(customer_ids)
    parts = select(Customer.id).where(uow.db.is_any(Customer.merged_into_id, ids))
    theirs = or_(uow.db.is_any(Merge.into_id, ids), uow.db.is_any(Merge.from_id, ids), col(Merge.from_id).in_(parts))
    _delete(uow, list(uow.session.scalars(select(Merge.id).where(theirs))))


def _delete(uow: Uow, ids: Sequence[UUID]) -> None:
    for column in (Moved.merge_id, Merge.id):
        model: Any = Moved if column is Moved.merge_id else Merge
        if ids:
            uow.session.execute(delete(model).where(uow.db.is_any(column, list(ids))), execution_options=_UNSEEN)
