"""The only writer of facts. Every change of a number goes this way: lock, fold out, write, fold in, note the change."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel, insert, select, update
from uuid_utils.compat import uuid7

from app.errors import Invalid
from app.models.base import TRAITS, Fact, Recorded
from app.models.change import Action
from app.models.customer import Customer
from app.services import seen, tomb, within
from app.services.idempotency import once
from app.services.kind import Kind, Stubs, fill
from app.services.mode import Mode, check_mode, check_version
from app.services.restating import restated
from app.services.row import Batch, Options, Outcome, Result, waves
from app.uow import Uow


def ingest(uow: Uow, kind: Kind, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record `rows`, each the whole fact of its external id; what became of each, in order.

    One record is a batch of one.
    Raises Invalid for what is wrong with the request as a whole; a wrong row is rejected with its problems.
    """
    return once(uow, kind.noun, rows, options, lambda: _ingest(uow, kind, rows, options))


def _ingest(uow: Uow, kind: Kind, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    batch = Batch.read(kind.row, rows)
    uow.take_turn()
    seen.note(uow, kind.noun, rows, options)
    values = kind.values(uow, batch, options)
    made: Stubs = defaultdict(dict)
    for wave in waves(values, lambda columns: str(columns["external_id"])):
        _write(uow, kind, wave, batch, made, options.mode)
    return batch.done(options)


def _write(  # noqa: PLR0913 - what a wave is written with
    uow: Uow, kind: Kind, wave: dict[int, dict[str, Any]], batch: Batch, made: Stubs, mode: Mode
) -> None:
    fill(wave.values(), made)
    traits = lock_customers(uow, {columns.get("customer_id") for columns in wave.values()})
    stored = stored_facts(uow, kind, [columns["external_id"] for columns in wave.values()])
    within.bar_stored(uow, kind.model, wave, stored, batch)
    dated = [columns["external_id"] for columns in wave.values() if columns["source_updated_at"] is not None]
    buried = tomb.buried(uow, kind.noun, dated)
    fates = _fates(kind, wave, stored, buried)
    _refuse(wave, stored, fates, batch, mode)
    kind.complete(uow, wave, stored, fates, batch)
    within.bar_written(uow, kind, wave, stored, traits, batch)
    # only what is written needs its stubs
    kind.make_stubs(uow, [row for index, row in wave.items() if fates[index] in _WRITTEN], made)
    new, changed, touched = [], [], []
    for index, row in wave.items():
        present, outcome = stored.get(row["external_id"]), fates[index]
        fresh = uuid7() if present is None and outcome is Outcome.CREATED else None
        batch.settle(index, outcome, present.id if present else fresh)
        if outcome is Outcome.UNCHANGED and present is not None and row["source_updated_at"] is not None:
            touched.append({"id": present.id, "source_updated_at": row["source_updated_at"]})
        if outcome not in _WRITTEN:
            continue
        columns = row | kind.frozen(present, row, traits)
        columns |= {"tenant_id": uow.tenant_id, "known_on": uow.today, "deleted_at": None}
        if present is None:
            new.append(columns | {"id": fresh, "recorded_at": uow.now, "version": 1})
        else:
            changed.append((present, columns | {"id": present.id, "version": present.version + 1}))
    _store(uow, kind, new, changed)
    write_each(uow, kind.model, touched)


_WRITTEN = (Outcome.CREATED, Outcome.UPDATED)


def _fates(
    kind: Kind, wave: dict[int, dict[str, Any]], stored: Mapping[str, Recorded], buried: Mapping[str, datetime]
) -> dict[int, Outcome]:
    """What is to become of each row."""
    return {
        index: _outcome(kind, stored.get(columns["external_id"]), columns, buried.get(columns["external_id"]))
        for index, columns in wave.items()
    }


def _refuse(
    wave: dict[int, dict[str, Any]], stored: Mapping[str, Any], fates: Mapping[int, Outcome], batch: Batch, mode: Mode
) -> None:
    """Take out of `wave` what is not at the version that its row expects, or not what `mode` wants."""
    for index, columns in list(wave.items()):
        present, fate = stored.get(columns["external_id"]), fates[index]
        is_there = present is not None and present.deleted_at is None and not getattr(present, "is_stub", False)
        version = present.version if present is not None and present.deleted_at is None else 0
        try:
            check_version(batch.waiting[index].expected_version, version, is_there=is_there)
            if fate is not Outcome.STALE:
                check_mode(mode, is_there=is_there, is_news=fate is Outcome.UPDATED)
        except Invalid as error:
            batch.reject(index, *error.problems)
            del wave[index]


def _store(uow: Uow, kind: Kind, new: list[dict[str, Any]], changed: list[tuple[Recorded, dict[str, Any]]]) -> None:
    before, after = [present for present, _ in changed], [*new, *(columns for _, columns in changed)]
    concerned = kind.concerned(before, after)
    ids = [row["id"] for row in after]
    for present, columns in changed:  # before the update, which brings what is loaded up to date too
        names = [name for name in columns if name in kind.content and getattr(present, name) != columns[name]]
        uow.record(present.id, kind.noun, Action.UPDATED, names, version=columns["version"])
    with restated(uow, kind.model, [one.id for one in before], ids, concerned.get("customer_id", set())):
        if new:
            uow.session.execute(insert(kind.model), new)
        write_each(uow, kind.model, [columns for _, columns in changed])
    within.confirm(uow, kind.model, ids)
    for row in new:
        uow.record(row["id"], kind.noun, Action.CREATED, version=row["version"])
    if ids:
        kind.settle(uow, ids, concerned)


def write_each(uow: Uow, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Update each of `rows` (id and columns)."""
    if rows:
        uow.session.execute(update(model), [row | {"tenant_id": uow.tenant_id} for row in rows])


def lock_customers(uow: Uow, ids: set[UUID | None]) -> dict[UUID, Any]:
    """Hold the customers concerned, in order, until the end; what facts freeze of each."""
    known = sorted(id_ for id_ in ids if isinstance(id_, UUID))
    if not known:
        return {}
    columns = [getattr(Customer, name) for name in TRAITS]
    statement = select(Customer.id, *columns).where(uow.db.is_any(Customer.id, known))
    rows = uow.session.execute(uow.db.locked(statement, Customer.id))
    return {row.id: row for row in rows}


def stored_facts(uow: Uow, kind: Kind, external_ids: Sequence[str]) -> dict[str, Any]:
    """What the caller's source has recorded under these ids, locked, in the order of the rows' ids."""
    model = kind.model
    statement = select(model).where(model.source == uow.actor.source, uow.db.is_any(model.external_id, external_ids))
    locked = uow.db.locked(statement, model.id).execution_options(populate_existing=True)
    return {fact.external_id: fact for fact in uow.session.scalars(locked)}


def _outcome(kind: Kind, present: Recorded | None, columns: Mapping[str, Any], buried: datetime | None) -> Outcome:
    updated = columns["source_updated_at"]
    is_known = present is not None and not getattr(present, "is_stub", False)
    stamp = present.source_updated_at if present is not None and is_known else buried
    is_dead = present is None or not is_known or present.deleted_at is not None
    if updated is not None and stamp is not None and (updated < stamp or (is_dead and updated == stamp)):
        return Outcome.STALE  # of two with one stamp the deletion holds, whichever came first
    if present is None or present.deleted_at is not None:
        return Outcome.CREATED
    same = all(getattr(present, name) == columns[name] for name in kind.content if name in columns)
    return Outcome.UNCHANGED if same else Outcome.UPDATED


def refold(uow: Uow, model: type[Fact], customer_ids: Sequence[UUID], change: Callable[[Fact], dict[str, Any]]) -> None:
    """Restate what the facts of some customers froze: fold out, set what `change` gives per fact, fold in."""
    if not customer_ids:
        return
    statement = select(model).where(uow.db.is_any(model.customer_id, customer_ids))
    locked = uow.db.locked(statement, model.id).execution_options(populate_existing=True)
    facts = list(uow.session.scalars(locked))
    ids = [fact.id for fact in facts]
    rows = [{"id": fact.id, "known_on": uow.today, **change(fact)} for fact in facts]
    with restated(uow, model, ids, ids, set(customer_ids)):
        write_each(uow, model, rows)
