"""Records as the documents that would bring them: what exports say, and what an import would put back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.models.base import FOREVER
from app.models.channel import Channel
from app.models.customer import Customer
from app.models.invitation import Invitation
from app.models.lifecycle import StatedStage
from app.models.order import Order
from app.models.segment import Segment
from app.models.staff import Staff
from app.models.survey import Survey
from app.services import bulk_setup, spell
from app.services.bulk import Bulk
from app.services.bulk_name import Names
from app.services.listing import Masked
from app.services.money import major
from app.services.row import Ref, Row
from app.services.shape import Field, fields
from app.uow import Uow

_TARGETS: Mapping[str, type[Any]] = {
    "channel": Channel,
    "acquisition_channel": Channel,
    "staff": Staff,
    "survey": Survey,
    "order": Order,
    "invitation": Invitation,
    "segment": Segment,
}
"""What the references of rows name, where not customers."""
_ABOVE: Mapping[str, type[Any]] = {"Channel": Channel}
"""Of which nouns the parent is one of its own, and no customer."""
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "Contract": {"from_": "day"},
    "Cost": {"from_": "starts_on", "before": "ends_on"},
    "ExchangeRate": {"from_": "base", "to": "quote", "date": "day"},
    "Feedback": {"survey_edition": "edition"},
    "Customer": {"kind": "customer_kind"},
    "SegmentMember": {"from_": "starts_on", "before": "ends_on"},
    "Target": {"from_": "starts_on", "before": "ends_on"},
    **{noun: {"external_id": "key"} for noun in ("Channel", "Staff", "Team", "Survey", "BusinessCalendar", "Segment")},
}
"""The columns that rows call otherwise."""


def documents(uow: Uow, bulk: Bulk, rows: Sequence[Any], source: str, *, whole: bool = False) -> list[dict[str, Any]]:
    """The documents of `rows`, records of `bulk` as `source` calls them; `whole` says null of what is empty.

    Refused are none: what the caller may not see has been masked before.
    """
    names = Names(uow, source)
    refs = {one.name: _target(bulk.noun, one.name) for one in fields(bulk.row).values() if one.kind is Ref}
    wanted: dict[type[Any], set[UUID]] = {}
    for row in rows:
        for name, model in refs.items():
            if (id_ := getattr(row, f"{name}_id")) is not None:
                wanted.setdefault(model, set()).add(id_)
        for event in getattr(row, "events", None) or ():
            if event["staff_id"]:
                wanted.setdefault(Staff, set()).add(UUID(event["staff_id"]))
    if bulk.noun == "Customer":
        wanted.setdefault(Customer, set()).update(row.id for row in rows)
    names.look_up(wanted)
    tell = _MORE.get(bulk.noun)
    more = tell(uow, rows, names) if tell else {}
    found = []
    for row in rows:
        document = {one.key: _value(names, bulk.noun, row, one) for one in fields(bulk.row).values()}
        document |= more.get(row.id, {}) if more else {}
        document |= _own(names, row, bulk.noun)
        found.append(
            {key: value for key, value in document.items() if value is not None or (whole and key in document)}
        )
    return found


def _target(noun: str, name: str) -> type[Any]:
    """What a reference of that name refers to."""
    return _ABOVE.get(noun, Customer) if name == "parent" else _TARGETS.get(name, Customer)


def _value(names: Names, noun: str, row: Any, one: Field) -> Any:  # noqa: ANN401 - a row and a JSON value
    """What the row has in the field, as JSON."""
    if one.kind is Ref:
        target, id_ = _target(noun, one.name), getattr(row, f"{one.name}_id")
        return names.customers.get(id_) if target is Customer else names.others.get((target, id_))
    value = getattr(row, _COLUMNS.get(noun, {}).get(one.name, one.name), None)
    if one.kind is Decimal and isinstance(value, int):
        return str(major(value, row.currency))
    return plain(value)


def plain(value: Any) -> Any:  # noqa: ANN401 - any column's value
    """A column's value as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def _own(names: Names, row: Any, noun: str) -> dict[str, Any]:  # noqa: ANN401 - the noun's own row
    """What is told otherwise than it is stored."""
    make = _OWN.get(noun)
    return make(names, row) if make else {}


def _order(_names: Names, row: Order | Masked) -> dict[str, Any]:
    money = ("discount", "amount", "cost")
    lines = []
    for line in row.lines:
        sums = {name: None if line[name] is None else str(major(line[name], row.currency)) for name in money}
        told = {"product": line["product"], "quantity": line["quantity"], "unitPrice": line["unit_price"], **sums}
        lines.append({key: value for key, value in told.items() if value is not None})
    return {"lines": lines or None}


def _contract(_names: Names, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a contract, or a masked one
    terms = [{"from": one["from"], "amount": str(major(one["amount"], row.currency))} for one in row.terms]
    return {"terms": terms or None, "before": None if row.ends_on == FOREVER else row.ends_on.isoformat()}


def _interaction(names: Names, row: Any) -> dict[str, Any]:  # noqa: ANN401 - an interaction, or a masked one
    events = []
    for event in row.events:
        told = {"kind": event["kind"], "at": event["at"].replace("+00:00", "Z")}
        staff = names.others.get((Staff, UUID(event["staff_id"]))) if event["staff_id"] else None
        events.append(told | ({"staff": staff} if staff else {}))
    return {"events": events}


def _feedback(_names: Names, row: Any) -> dict[str, Any]:  # noqa: ANN401 - feedback, or masked
    """Nothing that it has from its invitation."""
    found = {name: None for name in ("customer", "survey") if getattr(row, f"inherits_{name}")}
    return (
        found
        | ({"surveyEdition": None} if row.survey_id is None or row.edition == 0 else {})
        | ({} if row.tags else {"tags": None})
    )


def _segment_stay(_names: Names, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a time in a segment
    return {"before": None if row.ends_on == FOREVER else row.ends_on.isoformat()}


_OWN: Mapping[str, Callable[[Names, Any], dict[str, Any]]] = {
    "Order": _order,
    "Contract": _contract,
    "Interaction": _interaction,
    "Feedback": _feedback,
    "SegmentMember": _segment_stay,
}


def _customers(uow: Uow, rows: Iterable[Customer | Masked], names: Names) -> dict[UUID, dict[str, Any]]:
    """What of customers stands elsewhere: their names, their times, the stage that is stated last."""
    people = {row.id: row for row in rows}
    stages = select(StatedStage).where(uow.db.is_any(StatedStage.customer_id, list(people)))
    stated = {one.customer_id: one for one in uow.session.scalars(stages.order_by(col(StatedStage.starts_on)))}
    found: dict[UUID, dict[str, Any]] = {}
    for id_, ledger in spell.in_force(uow, list(people)).items():
        history = [_spell(one) for one in spell.dates(ledger)]
        own: dict[str, Any] = {"externalId": names.customers.get(id_), "history": history}
        own |= dict.fromkeys(("status", "joinedOn", "churnedOn", "churnReason", "churnKind", "expectedVersion"))
        stage = stated.get(id_)
        own["lifecycleStage"] = stage.stage if stage else None
        own["lifecycleStageFrom"] = stage.starts_on.isoformat() if stage and stage.stage else None
        found[id_] = own
    return found


def _spell(one: spell.Dates) -> dict[str, Any]:
    told = {
        "from": one.start.isoformat(),
        "before": None if one.end == FOREVER else one.end.isoformat(),
        "reason": one.reason,
        "churnKind": plain(one.kind),
    }
    return {key: value for key, value in told.items() if value is not None}


_MORE: Mapping[str, Callable[[Uow, Any, Names], dict[UUID, dict[str, Any]]]] = {
    "Customer": _customers,
    "Staff": bulk_setup.staff,
    "Survey": bulk_setup.surveys,
    "BusinessCalendar": bulk_setup.calendars,
    "Segment": bulk_setup.segments,
    "Target": bulk_setup.targets,
    "KpiDefinition": bulk_setup.kpis,
}
"""What is told of many records at once."""


def keys(row: type[Row]) -> list[str]:
    """The fields of the documents, in order: what tells records apart comes first."""
    never = {"status", "joinedOn", "churnedOn", "churnReason", "churnKind", "expectedVersion"}
    gone = never if "history" in fields(row) else set()
    return sorted((key for key in fields(row) if key not in gone), key=lambda key: key != "externalId")
