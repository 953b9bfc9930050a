"""Keeps the writes of a row-scoped actor within the rows that they see: others are neither found nor made.

A session for writing sees all rows, because what is derived follows from all of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.errors import Code, Forbidden, Invalid, Problem
from app.models.base import Owned
from app.models.customer import Customer
from app.reach import ANY, NONE, REACH
from app.services.kind import Kind
from app.services.row import Batch
from app.text import Text
from app.uow import Uow

TAKEN = Problem(
    Code.CONFLICT,
    Text(
        "Your source has given this external id to a record that you may not see; use another one.",
        "您的来源已将此外部 ID 用于您不可见的记录；请使用其他 ID。",
    ),
    ("externalId",),
)


def hidden(uow: Uow, model: type[Owned], ids: Iterable[UUID]) -> set[UUID]:
    """Those of the rows `ids` that the actor may not see."""
    some = sorted(set(ids))
    if uow.actor.rows is None or not some:
        return set()
    seen = select(model.id).where(uow.db.is_any(col(model.id), some))
    return set(some) - set(uow.session.scalars(uow.within(seen)))


def _taken(uow: Uow, model: Any, ids: Iterable[UUID]) -> set[UUID]:  # noqa: ANN401 - a table
    """The same without stubs: of these nothing was told yet, so they become whose record comes."""
    unseen = hidden(uow, model, ids)
    if not unseen or "is_stub" not in model.model_fields:
        return unseen
    stubs = select(model.id).where(uow.db.is_any(model.id, sorted(unseen)), col(model.is_stub).is_(True))
    return unseen - set(uow.session.scalars(stubs))


def bar_names(uow: Uow, model: type[Owned], batch: Batch, known: Mapping[str, UUID]) -> None:
    """Reject the waiting rows whose external id is `known` as that of a row that the actor may not see."""
    unseen = _taken(uow, model, known.values())
    for index, row in list(batch.waiting.items()):
        if known.get(row.external_id) in unseen:
            batch.reject(index, TAKEN)


def bar_stored(
    uow: Uow, model: type[Owned], wave: dict[int, dict[str, Any]], stored: Mapping[str, Any], batch: Batch
) -> None:
    """The same for the rows of a wave, and what is `stored` under their names."""
    unseen = _taken(uow, model, [one.id for one in stored.values()])
    for index, row in list(wave.items()):
        present = stored.get(row["external_id"])
        if present is not None and present.id in unseen:
            batch.reject(index, TAKEN)
            del wave[index]


def bar_written(  # noqa: PLR0913 - what a row is put together from
    uow: Uow,
    kind: Kind,
    wave: dict[int, dict[str, Any]],
    stored: Mapping[str, Any],
    traits: Mapping[UUID, Any],
    batch: Batch,
) -> None:
    """Reject the rows of a wave that the actor would not see once they were written."""
    if uow.actor.rows is None:
        return
    for index, row in list(wave.items()):
        try:
            check(uow, kind.model, row | kind.frozen(stored.get(row["external_id"]), row, traits))
        except Invalid as error:
            batch.reject(index, *error.problems)
            del wave[index]


def check(uow: Uow, model: type[Owned], columns: Mapping[str, Any], present: Any = None) -> None:  # noqa: ANN401 - a row
    """Refuse a row of `columns`, the others as they are at `present`, that the actor would not see. Raises Invalid."""
    rows, reach = uow.actor.rows, REACH[model]
    if rows is None or reach is None:
        return
    problems = []
    for wanted, column in ((rows.channels, reach.channels), (rows.segments, reach.segments)):
        if wanted is None or column == ANY:
            continue
        value = columns.get(column, getattr(present, column, None))
        if value not in wanted:
            path = _PATHS[model, column] if (model, column) in _PATHS else _PATHS[None, column]
            problems.append(Problem(Code.REQUIRED if value is None else Code.NOT_FOUND, _OUTSIDE, (path,)))
    if problems:
        raise Invalid(problems)


_PATHS: Mapping[tuple[type[Owned] | None, str], str] = {
    (None, "channel_id"): "channel",
    (None, "acquisition_channel_id"): "acquisitionChannel",
    (None, "segment"): "customer",  # whose segment it is
    (None, NONE): "externalId",
    (Customer, "segment"): "segment",
}
_OUTSIDE = Text(
    "With this the record would lie outside of the rows that you may see; name one of your own channels or segments.",
    "这样该记录将超出您可见的数据范围；请使用您自己的渠道或客户分群。",
)


def confirm(uow: Uow, model: type[Owned], ids: Iterable[UUID]) -> None:
    """Make sure that the actor sees the rows `ids`, which were just written. Raises Forbidden, and nothing is."""
    if hidden(uow, model, ids):
        msg = Text(
            "This would write records outside of the rows that you may see.", "这会写入您可见数据范围之外的记录。"
        )
        raise Forbidden(msg)
