"""What is kept under names of the workspace's own: how an import finds what was there, and takes back what it wrote."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, cast, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from app import ids
from app.errors import Invalid
from app.models.bulk_import import ImportEffect
from app.models.change import Action
from app.models.custom_kpi import CustomKpi
from app.models.interaction import Interaction
from app.models.keyed import Keyed
from app.models.member import Member
from app.models.segment import Segment
from app.models.staff import Staff
from app.models.target import Target
from app.services import custom_kpi, segment, segment_stay, shape, target
from app.services.bulk_text import storable
from app.services.row import Options, Ref, Result, Row
from app.uow import Uow

CHANGED, REFUSED, REFERRED = "CHANGED", "REFUSED", "REFERRED"
"""Why a record stays: somebody changed it since; what it was is not possible any more; others refer to it."""

Write = Callable[[Uow, Sequence[Mapping[str, Any]], Options], list[Result]]


class Own(ABC):
    """How records of one type are found and taken back. A reason is why one stays as it is; None where it did not."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model

    @abstractmethod
    def present(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """The records that there are of those that the rows would write."""

    def kept(self, records: Sequence[Any]) -> list[dict[str, Any]] | None:
        """What is kept of them to put them back; None for their documents."""
        del records
        return None

    def versions(self, uow: Uow, ids_: Sequence[UUID], before: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, int]:
        """At which version each is now."""
        del before
        rows = uow.session.execute(
            select(self.model.id, self.model.version).where(uow.db.is_any(self.model.id, list(ids_)))
        )
        return dict(rows.all())

    def held(self, uow: Uow, effects: Mapping[UUID, ImportEffect]) -> dict[UUID, Any]:
        """Those of the records that there still are, held until the end."""
        statement = select(self.model).where(uow.db.is_any(self.model.id, list(effects)))
        rows = uow.session.scalars(uow.db.locked(statement, self.model.id).execution_options(populate_existing=True))
        return {one.id: one for one in rows}

    def restore(self, uow: Uow, write: Write, kind: type[Row], record: Any, before: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - any record
        """Bring a record back to what it was; why it stays."""
        del record
        (result,) = write(uow, [shape.read(kind, before["row"])], Options())
        return REFUSED if result.problems else None

    @abstractmethod
    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Take away a record that was made; why it stays."""


class KeyedOwn(Own):
    """Channels, staff, teams, surveys and business calendars.

    `follows` are the columns of what goes with them. Who is referred to stays as a stub, but a calendar as it is.
    """

    def __init__(self, model: type[Keyed], follows: Sequence[Any] = (), *, stubs: bool = True) -> None:
        super().__init__(model)
        self._follows, self._stubs = follows, stubs

    def present(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Those of these keys."""
        keys = _words(_each(rows, "external_id"))
        return list(uow.session.scalars(select(self.model).where(uow.db.is_any(self.model.key, keys))))

    def restore(self, uow: Uow, write: Write, kind: type[Row], record: Any, before: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - any record
        """The record as it was, be it a stub."""
        row = {name: value for name, value in before["row"].items() if name != "earlierEditions"}
        why = super().restore(uow, write, kind, record, {"row": row})
        if why is None and before["stub"]:
            record.is_stub = True
        return why

    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Gone where nothing refers to it, else a stub."""
        if not self._is_named(uow, record) and self._deleted(uow, record):
            noun = self.model.__name__
            uow.record(record.id, noun, Action.DELETED, version=record.version + 1, external_id=record.key)
            return None
        if self._stubs:
            write(uow, [dict.fromkeys(kind.model_fields) | {"external_id": record.key, "name": record.key}], Options())
            record.is_stub = True
        return REFERRED

    def _deleted(self, uow: Uow, record: Any) -> bool:  # noqa: ANN401 - any record
        """Whether it could be deleted: the database knows what refers to it."""
        uow.session.flush()
        try:
            with uow.session.begin_nested():
                for column in self._follows:
                    _delete(uow, column.class_, column == record.id)
                _delete(uow, self.model, self.model.id == record.id)
        except IntegrityError:
            return False
        uow.session.expunge(record)
        return True

    def _is_named(self, uow: Uow, record: Any) -> bool:  # noqa: ANN401 - any record
        """Whether something names it that the database does not know to refer to it."""
        if {record.key, str(record.id)} & _named(uow):
            return True
        if not isinstance(record, Staff):
            return False
        told = cast(Interaction.events, String).contains(record.id.hex)
        return uow.session.scalars(select(Interaction.id).where(told).limit(1)).first() is not None


class SegmentOwn(KeyedOwn):
    """Segments; who belonged to one goes with it."""

    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Gone, unless a target or a member is narrowed to it."""
        del write, kind
        if record.key in _named(uow):
            return REFERRED
        segment.delete(uow, Ref(id=ids.encode("Segment", record.id)))
        return None


class TargetOwn(Own):
    """Targets; their history outlives them."""

    def present(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Those of these names, and those that may be about the same."""
        model = self.model
        mine = and_(
            model.source == uow.actor.source, uow.db.is_any(model.external_id, _words(_each(rows, "external_id")))
        )
        days = [day for day in _each(rows, "from_") if isinstance(day, date)]
        same = and_(uow.db.is_any(model.kpi, _words(_each(rows, "kpi"))), col(model.starts_on).in_(days))
        return list(uow.session.scalars(select(model).where(or_(mine, same))))

    def restore(self, uow: Uow, write: Write, kind: type[Row], record: Any, before: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - any record
        """The target as it was, of the source that had set it."""
        why = super().restore(uow, write, kind, record, before)
        if why is None:
            record.source = before["source"]
        return why

    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Deleted."""
        del write, kind
        target.delete(uow, Ref(id=ids.encode("Target", record.id)))
        return None


class KpiOwn(Own):
    """KPIs of the workspace's own."""

    def present(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Those of these keys."""
        return list(
            uow.session.scalars(select(CustomKpi).where(uow.db.is_any(CustomKpi.key, _words(_each(rows, "key")))))
        )

    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Deleted, unless a target is set for it."""
        del write, kind
        try:
            custom_kpi.delete(uow, record.key)
        except Invalid:
            return REFERRED
        return None


class StayOwn(Own):
    """Times in segments: of a pair all together."""

    def present(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Of every pair that the rows name what is known, be it nothing."""
        return segment_stay.present(uow, rows)

    def kept(self, records: Sequence[Any]) -> list[dict[str, Any]] | None:
        """The pair and its times."""
        return [
            {
                "pair": [one.hex for one in stays.pair],
                "times": [[day.isoformat() for day in time] for time in stays.times],
            }
            for stays in records
        ]

    def versions(self, uow: Uow, ids_: Sequence[UUID], before: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, int]:
        """By the times of now."""
        found = segment_stay.among(uow, [_pair(before[id_]) for id_ in ids_])
        return {stays.id: stays.version for stays in found.values()}

    def held(self, uow: Uow, effects: Mapping[UUID, ImportEffect]) -> dict[UUID, Any]:
        """Those whose segment there still is; their turn is taken."""
        pairs = [_pair(effect.before or {}) for effect in effects.values()]
        there = set(uow.session.scalars(select(Segment.id).where(uow.db.is_any(Segment.id, [one for one, _ in pairs]))))
        return {stays.id: stays for pair, stays in segment_stay.among(uow, pairs).items() if pair[0] in there}

    def restore(self, uow: Uow, write: Write, kind: type[Row], record: Any, before: Mapping[str, Any]) -> str | None:  # noqa: ANN401 - any record
        """The times as they were."""
        del write, kind
        times = [(date.fromisoformat(start), date.fromisoformat(end)) for start, end in before["row"]["times"]]
        segment_stay.replace(uow, {record.pair: times})
        return None

    def remove(self, uow: Uow, write: Write, kind: type[Row], record: Any) -> str | None:  # noqa: ANN401 - any record
        """Never asked: of each it is kept what was there, be it nothing."""
        raise NotImplementedError


def _pair(before: Mapping[str, Any]) -> segment_stay.Pair:
    one, who = before["row"]["pair"]
    return UUID(one), UUID(who)


def _each(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in rows]


def _words(values: Iterable[Any]) -> list[str]:
    """Those that are texts which a database can hold."""
    return [one for one in values if isinstance(one, str) and storable(one) == one]


def _named(uow: Uow) -> set[str]:
    """What the scopes of targets, the rules of segments and the rows of members name."""
    seen: dict[None, set[str]] = uow.seen.setdefault(_named, {})
    if None not in seen:
        columns = (Target.scope, Segment.rule, Member.channels, Member.segments)
        seen[None] = {
            text for column in columns for kept in uow.session.scalars(select(column)) for text in _texts(kept)
        }
    return seen[None]


def _texts(kept: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every text in it."""
    if isinstance(kept, str):
        yield kept
    for one in kept.values() if isinstance(kept, Mapping) else kept if isinstance(kept, list) else ():
        yield from _texts(one)


def _delete(uow: Uow, model: Any, which: Any) -> None:  # noqa: ANN401 - a table and a condition
    uow.session.execute(delete(model).where(which), execution_options={"synchronize_session": False})
