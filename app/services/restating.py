"""Changing what is counted: facts are folded out of the rollups, changed, and folded in again."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from uuid import UUID

from app.models.base import Owned
from app.services import crowd, rollup
from app.uow import Uow

_CHUNK = 5_000
"""Facts that one statement folds."""


@contextmanager
def restated(
    uow: Uow, model: type[Owned], old: Sequence[UUID], new: Sequence[UUID], people: AbstractSet[UUID]
) -> Iterator[None]:
    """While inside, the rows `old` count nothing; afterwards what `new` are by then.

    `people` are those whose facts they are or come to be.
    """
    # where nothing is taken out, what was counted before follows from what is counted then
    told = crowd.tell(uow, model, people) if old else None
    for start in range(0, len(old), _CHUNK):
        rollup.fold(uow, model, old[start : start + _CHUNK], -1)
    yield
    uow.session.flush()
    for start in range(0, len(new), _CHUNK):
        rollup.fold(uow, model, new[start : start + _CHUNK], 1)
    crowd.retell(uow, model, people, told, new)
