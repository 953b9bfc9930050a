"""What changes are of: by which scope each kind of record is read, what it is called where it came from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.actor import Scope
from app.models.base import Recorded
from app.models.change import RecordType
from app.models.customer import Customer, CustomerExternalId
from app.models.keyed import Keyed
from app.models.tombstone import Tombstone
from app.services import (
    business_calendar,
    channel,
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
    prediction_fit,
    referral,
    refund,
    segment,
    staff,
    survey,
    target,
    team,
    touchpoint,
)
from app.services.listing import Listing
from app.services.refusal import camel
from app.uow import Uow, reads


@dataclass(slots=True)
class Known:
    """What is known of a record, deleted or not: its names, each with its source (None: a key of the workspace's own).

    `merged_into` is the customer that it has become part of.
    """

    names: list[tuple[str | None, str]] = field(default_factory=list)
    merged_into: UUID | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of record: the scope by which it is read, and what is known of some of them.

    `spelling` says what fields are called whose columns have other names; a column of no field is None there.
    """

    type: RecordType
    scope: Scope
    known: Callable[[Uow, Sequence[UUID]], dict[UUID, Known]]
    spelling: Mapping[str, str | None]


_LISTS: tuple[Listing[Any], ...] = (
    channel.LIST,
    staff.LIST,
    team.LIST,
    survey.LIST,
    business_calendar.LIST,
    customer.LIST,
    invitation.LIST,
    feedback.LIST,
    order.LIST,
    refund.LIST,
    cost.LIST,
    touchpoint.LIST,
    interaction.LIST,
    lead.LIST,
    referral.LIST,
    engagement.LIST,
    contract.LIST,
    exchange_rate.LIST,
    prediction_fit.LIST,
    segment.LIST,
    target.LIST,
)
_SPELLED: Mapping[RecordType, Mapping[str, str | None]] = {
    RecordType.CUSTOMER: {"history": "spells"},
    RecordType.FEEDBACK: {"inherits_customer": None, "inherits_survey": None},
    RecordType.KPI_DEFINITION: {"name_en": "name", "name_zh": "name", "about_en": "about", "about_zh": "about"},
    RecordType.SEGMENT: {"starts_on": "members_from"},
    RecordType.TARGET: {
        "baseline_from": "baseline_period",
        "baseline_before": "baseline_period",
        "scope_digest": None,
    },
    RecordType.WEBHOOK: {"key": "external_id"},
    RecordType.WORKSPACE: {"business_calendar_id": "business_calendar"},
}


def _subject(rows: Listing[Any]) -> Subject:
    type_ = RecordType(rows.model.__name__)
    spelling: dict[str, str | None] = {column: name for name, column in rows.columns.items()}
    spelling |= {column: column.removesuffix("_id") for column in rows.references if column not in spelling}
    spelling |= _SPELLED.get(type_, {})
    return Subject(type_, rows.scope, _known(rows), spelling)


def _known(rows: Listing[Any]) -> Callable[[Uow, Sequence[UUID]], dict[UUID, Known]]:
    # a function for each: a mark stands on a function, and a loader is known by its function
    @reads(rows.scope)
    def known(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Known]:
        """What is known of the records `ids`, of those that are not gone altogether."""
        if rows.model is Customer:
            return _customers(uow, ids)
        if issubclass(rows.model, Recorded):
            return _recorded(uow, rows.model, ids)
        if issubclass(rows.model, Keyed):
            found = select(rows.model.id, rows.model.key).where(uow.db.is_any(rows.model.id, list(ids)))
            return {id_: Known([(None, key)]) for id_, key in uow.session.execute(found)}
        return {}

    return known


def _recorded(uow: Uow, model: type[Recorded], ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Of what a source has recorded, deleted or not, and of what it deleted before it was known here."""
    found: dict[UUID, Known] = {}
    for table in (model, Tombstone):
        if left := [id_ for id_ in ids if id_ not in found]:
            chosen = select(table.id, table.source, table.external_id).where(uow.db.is_any(table.id, left))
            found |= {id_: Known([(source, name)]) for id_, source, name in uow.session.execute(chosen)}
    return found


def _customers(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Known]:
    some = select(Customer.id, Customer.merged_into_id).where(uow.db.is_any(Customer.id, list(ids)))
    found = {id_: Known(merged_into=into) for id_, into in uow.session.execute(some)}
    order_ = (CustomerExternalId.source, CustomerExternalId.external_id)
    names = select(CustomerExternalId.customer_id, *order_).where(
        uow.db.is_any(CustomerExternalId.customer_id, list(ids))
    )
    for id_, source, name in uow.session.execute(names.order_by(*map(col, order_))):
        found[id_].names.append((source, name))
    return found


@reads(Scope.WORKSPACE_READ)
def _nameless(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Known]:
    del uow, ids
    return {}


_OTHERS = {
    RecordType.WORKSPACE: Scope.WORKSPACE_READ,
    RecordType.KPI_DEFINITION: Scope.KPI_READ,
    RecordType.WEBHOOK: Scope.WEBHOOK_READ,
    RecordType.IMPORT: Scope.IMPORT_READ,
    RecordType.EXPORT: Scope.EXPORT_READ,
    RecordType.MIRROR: Scope.AUDIT_READ,  # which is read by the scope of what it mirrors
    RecordType.MEMBER: Scope.WORKSPACE_ADMIN,
    RecordType.TOKEN: Scope.WORKSPACE_ADMIN,
}
SUBJECTS: Mapping[RecordType, Subject] = {one.type: one for one in map(_subject, _LISTS)} | {
    type_: Subject(type_, scope, _nameless, _SPELLED.get(type_, {})) for type_, scope in _OTHERS.items()
}
"""Every kind of record that changes."""


def spelled(noun: str, columns: Iterable[str]) -> list[str]:
    """What the schema calls the columns of a record that changed, each once."""
    return list(_spelled(noun, tuple(columns)))


@cache
def _spelled(noun: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    subject = SUBJECTS.get(RecordType(noun))
    spelling = subject.spelling if subject else {}
    names = [spelling.get(one, one) for one in columns]
    return tuple(dict.fromkeys(camel(name.rstrip("_")) for name in names if name))
