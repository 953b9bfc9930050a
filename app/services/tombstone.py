"""Taking facts back: a deleted fact stays as its own tombstone, a deletion that came first keeps a grave for it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import select

from app.errors import Code, Invalid, Problem
from app.models.base import Recorded
from app.models.change import Action
from app.services import fact, tomb, within
from app.services.idempotency import once
from app.services.kind import Kind
from app.services.ref import NOUNS, may_stub
from app.services.refusal import snake
from app.services.restating import restated
from app.services.row import Batch, Key, Options, Outcome, Result, Row, moment
from app.text import Text
from app.uow import Uow


class TombstoneRow(Row):
    """A deletion: which fact, and as of when."""

    external_id: Key
    source_updated_at: datetime | date | None = None


def delete(uow: Uow, kind: Kind, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Take facts back by their external ids. Deleting twice is UNCHANGED; a deletion older than the fact is STALE."""
    return once(uow, f"{kind.noun}.delete", rows, options, lambda: _delete(uow, kind, rows, options))


def _delete(uow: Uow, kind: Kind, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    batch = Batch.read(TombstoneRow, rows)
    stamped(uow, batch)
    names = [row.external_id for row in batch.waiting.values()]
    uow.take_turn()
    fact.lock_customers(uow, _customers_of(uow, kind, names))
    stored = fact.stored_facts(uow, kind, names)
    hidden = within.hidden(uow, kind.model, [present.id for present in stored.values()])
    dead: dict[UUID, dict[str, Any]] = {}
    later: dict[UUID, dict[str, Any]] = {}
    for index, row in list(batch.waiting.items()):
        present, stamp = stored.get(row.external_id), row.source_updated_at
        outcome = _ending(present, stamp, dead)
        if (present is not None and present.id in hidden) or (present is None and not may_stub(uow, uow.actor.source)):
            outcome = None  # nor may somebody bury what they could not see
        if outcome is None:
            noun = NOUNS[snake(kind.noun)]
            msg = Text(
                f"There is no {noun.en} {row.external_id!r} of the source {uow.actor.source!r}.",
                f"来源 {uow.actor.source!r} 没有{noun.zh} {row.external_id!r}。",
            )
            batch.reject(index, Problem(Code.NOT_FOUND, msg, ("externalId",)))
            continue
        batch.settle(index, outcome, present.id if present else None)
        if present is None:
            tomb.bury(uow, kind.noun, row.external_id, stamp)
        elif outcome is Outcome.DELETED:
            dead[present.id] = _deceased(uow, kind, present, stamp)
        elif outcome is Outcome.UNCHANGED and _is_later(stamp, present.source_updated_at):
            later[present.id] = {"source_updated_at": stamp}  # dead already, and now as of later
    _write(uow, kind, dead, [one for one in stored.values() if one.id in dead])
    fact.write_each(uow, kind.model, [{"id": id_, **columns} for id_, columns in later.items()])
    return batch.done(options)


def stamped(uow: Uow, batch: Batch) -> None:
    """Read as of when the deletions of a batch are; rows that do not say it right are rejected."""
    for index, row in list(batch.waiting.items()):
        try:
            row.source_updated_at = moment(uow, row.source_updated_at, "sourceUpdatedAt", past=False)
        except Invalid as error:
            batch.reject(index, *error.problems)


def _write(uow: Uow, kind: Kind, dead: Mapping[UUID, dict[str, Any]], facts: Sequence[Recorded]) -> None:
    concerned = kind.concerned(facts, [])
    with restated(uow, kind.model, list(dead), [], concerned.get("customer_id", set())):
        fact.write_each(uow, kind.model, [{"id": id_, **columns} for id_, columns in dead.items()])
    for id_, columns in dead.items():
        uow.record(id_, kind.noun, Action.DELETED, version=columns["version"])
    if dead:
        kind.settle(uow, list(dead), concerned)


def _deceased(uow: Uow, kind: Kind, present: Recorded, stamp: object) -> dict[str, Any]:
    """The columns of a fact that is deleted; without a stamp of the deletion it keeps that of its last version."""
    return {
        "deleted_at": uow.now,
        "known_on": uow.today,
        "version": present.version + 1,
        "source_updated_at": stamp or present.source_updated_at,
        **kind.blank,
    }


def _is_later(stamp: Any, than: datetime | None) -> bool:  # noqa: ANN401 - an instant
    return stamp is not None and (than is None or stamp > than)


def _ending(present: Recorded | None, stamp: Any, dead: Mapping[UUID, object]) -> Outcome | None:  # noqa: ANN401 - an instant
    """What a deletion comes to; None for one of something that is not known and may never come."""
    if present is None:
        return None if stamp is None else Outcome.DELETED
    if present.deleted_at is not None or present.id in dead:
        return Outcome.UNCHANGED
    if stamp is not None and _is_later(present.source_updated_at, stamp):
        return Outcome.STALE
    return Outcome.DELETED


def _customers_of(uow: Uow, kind: Kind, external_ids: Sequence[str]) -> set[UUID | None]:
    """Whose facts these are, read without a lock: customers are locked before their facts, everywhere."""
    model: Any = kind.model
    if "customer_id" not in kind.keys:
        return set()
    mine = (model.source == uow.actor.source, uow.db.is_any(model.external_id, list(external_ids)))
    return set(uow.session.scalars(select(model.customer_id).where(*mine)))
