"""Interactions that nobody has answered in time: they are judged when their time is over, without anybody writing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select

from app.actor import Scope
from app.models.interaction import Interaction
from app.services import fact, timing
from app.services.restating import restated
from app.uow import Uow, writes

AT_ONCE = 1_000
"""Interactions that are judged together."""

_OPEN = and_(
    col(Interaction.judged_on).is_(None), col(Interaction.due_at).is_not(None), col(Interaction.deleted_at).is_(None)
)


def await_judgement(uow: Uow, ids: Sequence[UUID]) -> None:
    """Have those of the interactions that wait for an answer judged when the first of them becomes late."""
    _await(uow, uow.db.is_any(Interaction.id, list(ids)))


def _await(uow: Uow, *chosen: ColumnElement[bool]) -> None:
    due = uow.session.scalar(select(func.min(col(Interaction.due_at))).where(_OPEN, *chosen))
    if due is not None:
        uow.enqueue("overdue", run_at=due)


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Bring the clocks of the `chosen` interactions up to date; what is not late yet may become so at another time."""
    timing.refresh(uow, chosen)
    _await(uow, chosen)


@writes(Scope.WORKSPACE_ADMIN)
def judge(uow: Uow) -> bool:
    """Judge the interactions whose time is over; whether there may be more."""
    uow.take_turn()
    late = select(Interaction.id).where(_OPEN, col(Interaction.due_at) <= uow.now).order_by(col(Interaction.due_at))
    ids = list(uow.session.scalars(late.limit(AT_ONCE)))
    changed = timing.changes(uow, uow.db.is_any(Interaction.id, ids))
    late_ids = [row["id"] for row in changed]
    with restated(uow, Interaction, late_ids, late_ids, set()):
        fact.write_each(uow, Interaction, [row | {"known_on": uow.today} for row in changed])
    if len(ids) == AT_ONCE:
        return True
    _await(uow)  # a batch has the first of its own awaited, and this one the first of all that are left
    return False
