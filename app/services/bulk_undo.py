"""Undoing an import: what it made goes, what it changed is as before, unless somebody has changed it since."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.errors import Code, Problem
from app.models.base import TRAITS
from app.models.bulk_import import Import, ImportEffect, ImportState
from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.models.lifecycle import StatedStage
from app.models.prediction import Prediction
from app.models.segment import SegmentMember
from app.models.spell import Lapse, Spell
from app.models.touchpoint import Credit
from app.reach import REACH
from app.services import fact, frozen, shape
from app.services.bulk import BULK, Bulk, require
from app.services.bulk_actor import actor_of, still
from app.services.bulk_import import end, held
from app.services.bulk_own import CHANGED, REFERRED, REFUSED
from app.services.bulk_row import keys
from app.services.row import Options, Result
from app.text import Text
from app.uow import Door, Uow, writes

AT_ONCE = 200
_OPTIONS = Options(create_missing=True)
_FOLLOWS: tuple[Any, ...] = (CustomerExternalId, StatedStage, Spell, Lapse, SegmentMember, Prediction, Credit)
"""What there is of a customer without any record of them."""


def advance(door: Door, row: Import, until: float) -> None:
    """Undo until the time is up or all is undone. Raises Unauthenticated when the undoer may no longer come in."""
    assert row.undoer is not None  # noqa: S101 - somebody asked for it
    while monotonic() < until:
        # what failed is taken back whoever may still come in
        failed = row.options.get("failed")
        actor = actor_of(row, row.undoer) if failed else still(door, row, row.undoer)
        if not door.write(actor, step, row.id):
            return


@writes(Scope.IMPORT_WRITE)
def step(uow: Uow, import_id: UUID) -> bool:
    """Undo the latest records that are not undone; whether there may be more."""
    row = held(uow, import_id)
    if row.state is not ImportState.UNDOING:
        return False
    bulk = BULK[row.type]
    require(uow, *bulk.write_scopes)
    todo = (ImportEffect.import_id == row.id, col(ImportEffect.is_undone).is_(False))
    statement = select(ImportEffect).where(*todo).order_by(col(ImportEffect.id).desc()).limit(min(AT_ONCE, bulk.batch))
    effects = {effect.record: effect for effect in uow.session.scalars(statement)}
    if not effects:
        return _once_more(uow, row) or _finish(uow, row)
    uow.take_turn()
    for effect in effects.values():
        effect.is_undone, effect.kept = True, None
    here = _standing(uow, bulk, effects)
    work: Callable[..., None] = _own if bulk.own is not None else _customers if bulk.kind is None else _facts
    work(uow, bulk, here, effects)
    kept = sum(effect.kept is not None for effect in effects.values())
    row.undone, row.kept, row.updated_at = row.undone + len(effects) - kept, row.kept + kept, uow.now
    uow.session.flush()
    return True


def _standing(uow: Uow, bulk: Bulk, effects: Mapping[UUID, ImportEffect]) -> dict[UUID, Any]:
    """The records that are still as the import left them; of the others it is noted that they stay."""
    rows = _held(uow, bulk, effects)
    found = {}
    for id_, effect in effects.items():
        one = rows.get(id_)
        if one is None or getattr(one, "deleted_at", None) is not None:
            effect.kept = None if effect.before is None else CHANGED
        elif one.version != effect.version or getattr(one, "merged_into_id", None) is not None:
            effect.kept = CHANGED
        else:
            found[id_] = one
    return found


def _held(uow: Uow, bulk: Bulk, effects: Mapping[UUID, ImportEffect]) -> dict[UUID, Any]:
    """The records that there still are, held until the end."""
    if bulk.own is not None:
        return bulk.own.held(uow, effects)
    model: Any = bulk.rows.model
    held_ = uow.db.locked(select(model).where(uow.db.is_any(model.id, list(effects))), model.id)
    return {one.id: one for one in uow.session.scalars(held_.execution_options(populate_existing=True))}


def _own(uow: Uow, bulk: Bulk, here: Mapping[UUID, Any], effects: Mapping[UUID, ImportEffect]) -> None:
    """Bring back as it was what has names of the workspace's own; then what was made goes, the latest first."""
    assert bulk.own is not None  # noqa: S101 - they have it
    for id_, one in here.items():
        if (before := effects[id_].before) is not None:
            effects[id_].kept = bulk.own.restore(uow, bulk.write, bulk.row, one, before)
    for id_, one in here.items():
        if effects[id_].before is None:
            effects[id_].kept = bulk.own.remove(uow, bulk.write, bulk.row, one)


def _facts(uow: Uow, bulk: Bulk, here: Mapping[UUID, Any], effects: Mapping[UUID, ImportEffect]) -> None:
    """Delete what was made, and record anew what was there before."""
    assert bulk.delete is not None  # noqa: S101 - facts have it
    known = {id_ for id_ in here if not (effects[id_].before or {"stub": True})["stub"]}
    old, new = ([one for id_, one in here.items() if (id_ in known) is there] for there in (True, False))
    stamps: list[dict[str, Any]] = []
    documents = []
    for one in old:
        document = {key: value for key, value in (effects[one.id].before or {})["row"].items() if value is not None}
        stamp = document.pop("sourceUpdatedAt", None)
        documents.append(shape.read(bulk.row, document))
        stamps.append({"id": one.id, "source_updated_at": datetime.fromisoformat(stamp) if stamp else None})
    # without a stamp nothing that comes is older than what was taken back
    stamps += [{"id": one.id, "source_updated_at": None} for one in new]
    names = [{"external_id": one.external_id} for one in new]
    results = bulk.write(uow, documents, _OPTIONS) if documents else []
    _note(effects, old, results)
    _note(effects, new, bulk.delete(uow, names, Options()) if names else [])
    fact.write_each(uow, bulk.rows.model, [one for one in stamps if effects[one["id"]].kept is None])


def _note(effects: Mapping[UUID, ImportEffect], rows: Sequence[Any], results: Sequence[Result]) -> None:
    for one, result in zip(rows, results, strict=True):
        if result.problems:
            effects[one.id].kept = REFUSED


def _customers(uow: Uow, bulk: Bulk, here: Mapping[UUID, Customer], effects: Mapping[UUID, ImportEffect]) -> None:
    """Bring customers back to what they were; those who were made are emptied, and go if nobody refers to them."""
    names = _names(uow, here)
    documents, people = [], list(here.values())
    for one in people:
        before = effects[one.id].before
        document = {**_empty(bulk), **(before["row"] if before else {}), "externalId": names[one.id]}
        for key in ("sourceUpdatedAt", "lifecycleStage", "lifecycleStageFrom"):
            document.pop(key, None)
        documents.append(shape.read(bulk.row, {key: document[key] for key in keys(bulk.row) if key in document}))
    _note(effects, people, bulk.write(uow, documents, _OPTIONS) if documents else [])
    done = [one for one in people if effects[one.id].kept is None]
    stubs = {}
    for one in done:
        before = effects[one.id].before
        stamp = before["row"].get("sourceUpdatedAt") if before else None
        one.source_updated_at = datetime.fromisoformat(stamp) if stamp else None
        if before is None or before["stub"]:
            one.is_stub = True
            stubs[one.id] = {name: getattr(one, name) for name in TRAITS}
    uow.session.flush()
    _restate_stages(uow, {one.id: (effects[one.id].before or {"stages": []})["stages"] for one in done})
    frozen.restate(uow, stubs)
    _remove(uow, [one.id for one in done if effects[one.id].before is None], effects)


def _names(uow: Uow, here: Mapping[UUID, Customer]) -> dict[UUID, str]:
    """What the source calls them."""
    mine = (CustomerExternalId.source == uow.actor.source, uow.db.is_any(CustomerExternalId.customer_id, list(here)))
    statement = select(CustomerExternalId.customer_id, CustomerExternalId.external_id).where(*mine)
    return dict(uow.session.execute(statement).all())


def _empty(bulk: Bulk) -> dict[str, Any]:
    """A customer of whom nothing is said."""
    flags = {"isTest": False, "isKeyContact": False, "profilingOptOut": False, "history": [], "attributes": {}}
    return {**dict.fromkeys(keys(bulk.row)), **flags}


def _restate_stages(uow: Uow, stages: Mapping[UUID, Sequence[Sequence[Any]]]) -> None:
    """Have stated of customers what was stated before."""
    mine = uow.db.is_any(StatedStage.customer_id, list(stages))
    uow.session.execute(delete(StatedStage).where(mine), execution_options={"synchronize_session": False})
    rows = [
        {
            "tenant_id": uow.tenant_id,
            "id": uuid7(),
            "customer_id": id_,
            "starts_on": date.fromisoformat(day),
            "stage": stage,
        }
        for id_, some in stages.items()
        for day, stage in some
    ]
    if rows:
        uow.session.execute(insert(StatedStage), rows)


def _remove(uow: Uow, ids: Sequence[UUID], effects: Mapping[UUID, ImportEffect]) -> None:
    """Delete those customers to whom nothing refers any more; the others stay as stubs."""
    left = set(ids)
    while left and (free := left - _referred(uow, left)):
        for model in _FOLLOWS:
            _delete(uow, model, model.customer_id, free)
        _delete(uow, Customer, Customer.id, free)
        for id_ in free:
            uow.record(id_, "Customer", Action.DELETED, version=effects[id_].version + 2)
        left -= free
    for id_ in left:
        effects[id_].kept = REFERRED


def _delete(uow: Uow, model: Any, column: Any, ids: set[UUID]) -> None:  # noqa: ANN401 - a table and its column
    statement = delete(model).where(uow.db.is_any(column, list(ids)))
    uow.session.execute(statement, execution_options={"synchronize_session": False})
    for one in list(uow.session.identity_map.values()):
        if isinstance(one, model):
            uow.session.expunge(one)


def _referred(uow: Uow, ids: set[UUID]) -> set[UUID]:
    """Those of the customers to whom a record refers, or whom another source knows."""
    found: set[UUID] = set()
    model: Any
    for model in REACH.keys() - _FOLLOWS:
        for column in inspect(model).columns:
            if any(key.target_fullname == "customer.id" for key in column.foreign_keys):
                attribute = getattr(model, column.key)
                found |= set(uow.session.scalars(select(attribute).where(uow.db.is_any(attribute, list(ids)))))
    others = (CustomerExternalId.source != uow.actor.source, uow.db.is_any(CustomerExternalId.customer_id, list(ids)))
    return found | set(uow.session.scalars(select(CustomerExternalId.customer_id).where(*others)))


def _once_more(uow: Uow, row: Import) -> bool:
    """Look once more at those who stayed because others referred to them, who may have gone since."""
    if row.options.get("again"):
        return False
    row.options = {**row.options, "again": True}
    mine = (ImportEffect.import_id == row.id, ImportEffect.kept == REFERRED)
    for effect in uow.session.scalars(select(ImportEffect).where(*mine)):
        model: Any = BULK[row.type].rows.model  # of times in segments nothing is referred to
        version = uow.session.scalar(select(model.version).where(model.id == effect.record))
        effect.is_undone, effect.version, row.kept = False, version or 0, row.kept - 1
    return True


def _finish(uow: Uow, row: Import) -> bool:
    if row.options.get("failed"):
        msg = Text(
            "A row that was right when it was checked was wrong when it was written, so all was taken back.",
            "有一行在检查时正确，写入时却有误，因此已全部撤回。",
        )
        end(uow, row, ImportState.FAILED, Problem(Code.CONFLICT, msg))
    else:
        end(uow, row, ImportState.UNDONE)
    return False
