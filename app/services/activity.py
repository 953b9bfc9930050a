"""Customers by what they do: a spell begins with a purchase or a use, and ends when the window has passed without one.

The end is written when its day has come, not before: whoever goes on in time changes nothing that is stored. Until
then `Lapse` holds the first day on which it may come; the worker looks at those who are due.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, delete, func, insert, select

from app.kpis.order import purchasers
from app.models.base import FOREVER, TRAITS
from app.models.engagement import Engagement
from app.models.order import Order
from app.models.spell import Lapse
from app.services import engaging
from app.services.period import start_of_day
from app.services.spell import Dates, cells
from app.uow import Uow

Days = Mapping[date, date]
"""The days on which somebody did something, each with the day since when that is known."""
Touched = Collection[tuple[UUID, date]]
"""Whose days have something more, or something less."""


class Spells(NamedTuple):
    """What the days of one customer come to: the spells, the traits of each, and when the last may end."""

    spells: list[Dates]
    traits: list[Mapping[str, Any]]
    due: date | None


def runs(days: Sequence[date], window: int, today: date) -> tuple[list[Dates], date | None]:
    """The spells that days in order make, and when the last one ends if nothing happens, if that is yet to come. Pure.

    Somebody is a customer on the day of an activity and the `window` − 1 days after it. What touches is one spell.
    """
    found: list[Dates] = []
    length = timedelta(days=window)
    start = last = None
    for day in days:
        if start is None or last is None or day - last > length:
            if start is not None and last is not None:
                found.append(Dates(start, last + length))
            start = day
        last = day
    if start is None or last is None:
        return found, None
    end = last + length
    found.append(Dates(start, end if end <= today else FOREVER))
    return found, end if end > today else None


def spells(uow: Uow, days: Mapping[UUID, Days]) -> dict[UUID, Spells]:
    """What the `days` of each of these customers come to; a spell has the traits of what it began with."""
    window = uow.workspace.inactivity_window_days
    made = {id_: runs(sorted(some), window, uow.today) for id_, some in days.items()}
    traits = _traits(uow, {(id_, spell.start) for id_, (some, _) in made.items() for spell in some})
    return {id_: Spells(some, [traits[id_, spell.start] for spell in some], due) for id_, (some, due) in made.items()}


def days(uow: Uow, customer_ids: Collection[UUID]) -> dict[UUID, dict[date, date]]:
    """On which days these customers bought or used something that counts, and since when that is known."""
    found: dict[UUID, dict[date, date]] = {id_: {} for id_ in customer_ids}
    for model in (Order, Engagement):
        columns = (col(model.customer_id), col(model.day), func.min(col(model.known_on)))
        statement = _counted(uow, select(*columns), model, customer_ids)
        for id_, day, known in uow.session.execute(statement.group_by(col(model.customer_id), col(model.day))):
            found[id_][day] = min(known, found[id_].get(day, known))
    return found


def _counted(uow: Uow, statement: Any, model: type[Order | Engagement], ids: Collection[UUID]) -> Any:  # noqa: ANN401 - SQLModel's statements and SQLAlchemy's differ
    """The activities of these customers: what is no purchase or counts as no engagement is none."""
    mine = uow.db.is_any(model.customer_id, sorted(ids))
    if model is Order:
        return statement.where(mine, purchasers.counted)
    # by the types, not by the flag that follows from them: it may be behind while KPIs are counted anew
    is_one = (col(Engagement.is_test).is_(False), col(Engagement.deleted_at).is_(None), engaging.counting(uow))
    return statement.where(mine, *is_one)


def _traits(uow: Uow, starts: AbstractSet[tuple[UUID, date]]) -> dict[tuple[UUID, date], dict[str, Any]]:
    """What the first activity of each of these days froze of its customer."""
    found: dict[tuple[UUID, date], tuple[Any, ...]] = {}
    if not starts:
        return {}
    ids, first_days = {id_ for id_, _ in starts}, sorted({day for _, day in starts})
    for model in (Order, Engagement):
        order = [getattr(model, name) for name in ("occurred_at", "source", "external_id")]
        columns = (model.customer_id, model.day, *order, *(getattr(model, name) for name in TRAITS))
        statement = _counted(uow, select(*columns), model, ids).where(uow.db.is_any(model.day, first_days))
        for id_, day, at, *names in uow.session.execute(statement):
            place = (at, model.__name__, *names)
            if (id_, day) in starts and ((id_, day) not in found or place[:4] < found[id_, day][:4]):
                found[id_, day] = place
    return {place: dict(zip(TRAITS, said[4:], strict=True)) for place, said in found.items()}


def told(made: Spells, known: Days, since: date | None) -> list[tuple[tuple[Any, ...], int, date]]:
    """The rows of the ledger, each with its sign and since when it is known: a spell, and later that it has ended."""
    rows: list[tuple[tuple[Any, ...], int, date]] = []
    for ordinal, (spell, traits) in enumerate(zip(made.spells, made.traits, strict=True), start=1):
        first = known[spell.start]
        last = max(first, *(since_ for day, since_ in known.items() if spell.start <= day < spell.end))
        ended = first if spell.end == FOREVER else max(spell.end, last)
        now = cells(spell, ordinal, made.spells[0].start, since, traits)
        if ended > first:
            lasting = cells(Dates(spell.start), ordinal, made.spells[0].start, since, traits)
            rows += [(lasting, 1, first), (lasting, -1, ended)]
        rows.append((now, 1, ended))
    return rows


def changes(uow: Uow, ledgers: Mapping[UUID, Sequence[Dates]], came: Touched) -> set[UUID]:
    """Whose spells may be others now that there is something on these days more; inside a spell it changes none."""
    length = timedelta(days=uow.workspace.inactivity_window_days)

    def is_inside(day: date, spell: Dates) -> bool:
        return spell.start < day and (spell.end == FOREVER or day <= spell.end - length)

    return {id_ for id_, day in came if not any(is_inside(day, spell) for spell in ledgers[id_])}


def await_lapse(uow: Uow, dues: Mapping[UUID, date | None]) -> None:
    """Note when the spells of these customers may end, and have the worker there on the first such day."""
    before = uow.session.scalar(select(func.min(col(Lapse.due_on))))
    uow.session.execute(delete(Lapse).where(uow.db.is_any(Lapse.customer_id, sorted(dues))))
    known = {id_: due for id_, due in dues.items() if due is not None}
    rows = [{"tenant_id": uow.tenant_id, "customer_id": id_, "due_on": due} for id_, due in known.items()]
    if rows:
        uow.session.execute(insert(Lapse), rows)
        first = min(known.values())
        if before is None or first < before:
            _wake(uow, first)


def await_next(uow: Uow) -> None:
    """Have the worker there when the next spell may end."""
    first = uow.session.scalar(select(func.min(col(Lapse.due_on))))
    if first is not None:
        _wake(uow, first)


def _wake(uow: Uow, day: date) -> None:
    uow.enqueue("lapse", start_of_day(day, uow.zone))


def due(uow: Uow, limit: int) -> list[UUID]:
    """Customers whose spells may have ended by today."""
    late = select(col(Lapse.customer_id)).where(col(Lapse.due_on) <= uow.today).order_by(col(Lapse.due_on))
    return list(uow.session.scalars(late.limit(limit)))
