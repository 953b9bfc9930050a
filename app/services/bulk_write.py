"""One batch of an import: its rows written by the services of the API, and what they did kept, in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlmodel import insert, select
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.errors import Code, Problem, Undone
from app.models.bulk_import import Import, ImportEffect, ImportRejection, ImportState
from app.models.customer import Customer, CustomerExternalId
from app.models.lifecycle import StatedStage
from app.noted import Noted
from app.services.bulk import BULK, Bulk, require
from app.services.bulk_import import held, told
from app.services.bulk_row import documents
from app.services.bulk_text import storable
from app.services.row import ErrorPolicy, Options, Outcome, Result
from app.text import Text
from app.uow import Uow, writes


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the file: its line, where the next begins, what stands in it, and its row or what is wrong."""

    line: int
    end: int
    next_line: int
    raw: Sequence[Any]
    row: Mapping[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some records of a file that follow one another, from `position` on, and the column of each field."""

    position: int
    entries: Sequence[Entry]
    columns: Mapping[str, str]


@writes(Scope.IMPORT_WRITE)
def store(uow: Uow, import_id: UUID, stretch: Stretch) -> bool:
    """Write a stretch, or only check it, and note how far the import has come; False where somebody else has.

    Raises Forbidden when who began the import may no longer write.
    """
    row = held(uow, import_id)
    if row.position != stretch.position or row.state not in (ImportState.CHECKING, ImportState.RUNNING):
        return False
    bulk = BULK[row.type]
    require(uow, *bulk.write_scopes)
    good = [entry for entry in stretch.entries if entry.row is not None]
    rows = [entry.row for entry in good]
    options = Options(create_missing=row.options["create_missing"])
    if row.state is ImportState.CHECKING:
        results = _checked(uow, bulk, rows, options)
    else:
        results = _written(uow, bulk, row, rows, options)
    wrong = {id(entry): entry.problems for entry in stretch.entries if entry.row is None}
    wrong |= {id(entry): one.problems for entry, one in zip(good, results, strict=True) if one.problems}
    _reject(uow, row, stretch, wrong)
    counts = Counter(one.outcome for one in results if not one.problems)
    for outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.STALE):
        name = outcome.value.lower()
        setattr(row, name, getattr(row, name) + counts[outcome])
    row.rejected += len(wrong)
    row.rows_read += len(stretch.entries)
    last = stretch.entries[-1]
    row.position, row.line, row.updated_at = last.end, last.next_line, uow.now
    if wrong and row.state is ImportState.RUNNING and row.options["policy"] == ErrorPolicy.REJECT_ALL.value:
        _turn_back(row)
    uow.session.flush()
    return True


def _turn_back(row: Import) -> None:
    """What was right when it was checked is wrong by now: all that was written is taken back."""
    row.state, row.undoer = ImportState.UNDOING, row.starter
    row.options = {**row.options, "failed": True}


def _checked(uow: Uow, bulk: Bulk, rows: Sequence[Any], options: Options) -> list[Result]:
    """What would become of the rows; nothing of it stays."""
    if not rows:
        return []
    savepoint = uow.session.begin_nested()
    try:
        results: list[Result] = bulk.write(replace(uow, seen={}, noted=Noted()), rows, replace(options, dry_run=True))
    except Undone as undone:
        results = list(undone.answer)  # type: ignore[call-overload]  # the results
    savepoint.rollback()
    return [_settled_later(bulk, one) for one in results]


def _settled_later(bulk: Bulk, one: Result) -> Result:
    """A parent may stand further up in the file, so whether there is one is seen when it is written."""
    unknown = [(problem.code, problem.path) == (Code.NOT_FOUND, ("parent",)) for problem in one.problems]
    return Result(one.index, Outcome.CREATED) if bulk.noun in _ABOVE and unknown and all(unknown) else one


_ABOVE = frozenset({"Customer", "Channel"})
"""The nouns of which one may stand below another."""


def _written(uow: Uow, bulk: Bulk, row: Import, rows: Sequence[Any], options: Options) -> list[Result]:
    """What became of the rows; and what was there before is kept."""
    if not rows:
        return []
    uow.take_turn()
    before = _before(uow, bulk, rows)
    results: list[Result] = bulk.write(uow, rows, options)
    _keep(uow, bulk, row, results, before)
    return results


def _before(uow: Uow, bulk: Bulk, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, dict[str, Any]]:
    """What these rows may write as it is, by its ids; what was only named so far is marked as a stub."""
    records = _of_source(uow, bulk, rows) if bulk.own is None else bulk.own.present(uow, rows)
    if not records:
        return {}
    kept = None if bulk.own is None else bulk.own.kept(records)
    stages = _stages(uow, [row.id for row in records]) if bulk.noun == "Customer" else {}
    found = {}
    for row, document in zip(records, kept or documents(uow, bulk, records, uow.actor.source, whole=True), strict=True):
        own = {"stub": bool(getattr(row, "is_stub", False)), "stages": stages.get(row.id, [])}
        found[row.id] = {"row": document, "source": getattr(row, "source", None), **own}
    return found


def _of_source(uow: Uow, bulk: Bulk, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The customers or facts that the source calls as the rows do."""
    source = uow.actor.source
    names = [name for one in rows if storable(name := str(one.get("external_id"))) == name]  # of others there is none
    if bulk.kind is None:
        known = select(CustomerExternalId.customer_id).where(
            CustomerExternalId.source == source, uow.db.is_any(CustomerExternalId.external_id, names)
        )
        statement = select(Customer).where(uow.db.is_any(Customer.id, list(uow.session.scalars(known))))
    else:
        model: Any = bulk.kind.model
        mine = (model.source == source, uow.db.is_any(model.external_id, names), model.deleted_at.is_(None))
        statement = select(model).where(*mine)
    return list(uow.session.scalars(statement))


def _stages(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[list[Any]]]:
    found: dict[UUID, list[list[Any]]] = {}
    for one in uow.session.scalars(select(StatedStage).where(uow.db.is_any(StatedStage.customer_id, ids))):
        found.setdefault(one.customer_id, []).append([one.starts_on.isoformat(), one.stage])
    return found


def _keep(uow: Uow, bulk: Bulk, row: Import, results: Sequence[Result], before: Mapping[UUID, dict[str, Any]]) -> None:
    """Keep of each record that was written which version it has now, and what it was before this import."""
    wrote = {one.id: one for one in results if one.id and one.outcome in (Outcome.CREATED, Outcome.UPDATED)}
    if not wrote:
        return
    versions = _versions(uow, bulk, list(wrote), before)
    mine = (ImportEffect.import_id == row.id, uow.db.is_any(ImportEffect.record, list(wrote)))
    for effect in uow.session.scalars(select(ImportEffect).where(*mine)):  # of a name that comes in the file again
        effect.version = versions.pop(effect.record)
    new = [
        {
            "tenant_id": uow.tenant_id,
            "id": uuid7(),
            "import_id": row.id,
            "record": id_,
            "version": version,
            "before": before.get(id_),
            "is_undone": False,
            "kept": None,
        }
        for id_, version in versions.items()
    ]
    if new:
        uow.session.execute(insert(ImportEffect), new)


def _versions(uow: Uow, bulk: Bulk, ids: Sequence[UUID], before: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, int]:
    """At which version each record is now."""
    if bulk.own is not None:
        return bulk.own.versions(uow, ids, before)
    model: Any = bulk.rows.model
    return dict(uow.session.execute(select(model.id, model.version).where(uow.db.is_any(model.id, list(ids)))).all())


def _reject(uow: Uow, row: Import, stretch: Stretch, wrong: Mapping[int, Sequence[Problem]]) -> None:
    """Keep the rows that were not accepted, with what is wrong with each."""
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "id": uuid7(),
            "import_id": row.id,
            "line": entry.line,
            "cells": storable(list(entry.raw)),
            "problems": [told(one, _column(stretch.columns, one.path)) for one in wrong[id(entry)]],
        }
        for entry in stretch.entries
        if id(entry) in wrong
    ]
    if rows:
        uow.session.execute(insert(ImportRejection), rows)


def _column(columns: Mapping[str, str], path: Sequence[str]) -> str | None:
    """The column in which the value of a path stands."""
    for length in range(len(path), 0, -1):
        key = ".".join(path[:length])
        if key in columns:
            return columns[key]
    first = next((column for key, column in columns.items() if path and key.split(".")[0] == path[0]), None)
    return first or (path[0] if path and not columns else None)


FAULT = Text("The row could not be stored because of a fault of ours.", "由于我方故障，此行未能保存。")
"""What is said of a row on which the service itself failed."""
