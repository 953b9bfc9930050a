"""Changes: numbered and hash-chained after they committed, by one sealer per workspace, and read in that order."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, String, Uuid, select
from sqlmodel import col, update

from app.actor import Scope
from app.models.change import Change, ChangeHead
from app.uow import Uow, reads, writes

SEAL_AT_ONCE = 5_000
GENESIS = "0" * 64
"""What the first change follows."""
SAID: tuple[Any, ...] = (
    Change.id, Change.at, Change.actor, Change.token_id, Change.request_id, Change.noun, Change.record_id,
    Change.action, Change.version, Change.fields, Change.source, Change.external_id,
)  # fmt: skip
"""The columns that say what happened."""


def digest(previous: str, seq: int, change: Any) -> str:  # noqa: ANN401 - a change, or a row of its columns
    """The link of the chain: a hash of the link before and of everything the row says."""
    said = [
        previous, seq, change.at.isoformat(), change.actor, change.token_id and change.token_id.hex,
        change.request_id, change.noun, change.record_id.hex, change.action.value, change.version, change.fields,
    ]  # fmt: skip
    if change.source is not None or change.external_id is not None:
        said += [change.source, change.external_id]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()


def head(uow: Uow) -> tuple[int, str]:
    """The number and the hash of the last change that is sealed."""
    kept = uow.session.get(ChangeHead, (uow.tenant_id, uow.tenant_id), populate_existing=True)
    return (kept.seq, kept.hash) if kept else (0, GENESIS)


@reads(Scope.WORKSPACE_ADMIN)
def is_waiting(uow: Uow) -> bool:
    """Whether anything has committed that is not sealed yet."""
    return uow.session.scalars(select(col(Change.id)).where(col(Change.seq).is_(None)).limit(1)).first() is not None


@writes(Scope.WORKSPACE_ADMIN)
def seal(uow: Uow) -> int:
    """Number and chain what has committed since the last time; how many were sealed, none while somebody else does it.

    Only the sealer reads unsealed rows, under a lock of the workspace: what it sees has committed, and what commits
    later gets a later number. So readers of the sequence miss nothing, and see each record's changes in their order.
    """
    # not waited for: a group of writes that seals last and one that seals first would wait for each other
    if not uow.db.try_lock(uow.session, "seal", uow.tenant_id):
        return 0
    unsealed = select(*SAID).where(col(Change.seq).is_(None)).order_by(col(Change.id)).limit(SEAL_AT_ONCE)
    rows = _in_order(list(uow.session.execute(unsealed)))
    if not rows:
        return 0
    seq, previous = head(uow)
    sealed = []
    for change in rows:
        seq += 1
        link = digest(previous, seq, change)
        sealed.append({"tenant_id": uow.tenant_id, "id": change.id, "seq": seq, "previous": previous, "hash": link})
        previous = link
    _write(uow, sealed)
    uow.session.merge(ChangeHead(tenant_id=uow.tenant_id, id=uow.tenant_id, seq=seq, hash=previous))
    uow.session.flush()
    return len(sealed)


def _write(uow: Uow, sealed: list[dict[str, Any]]) -> None:
    """Give the changes their numbers and links."""
    if uow.db.is_sqlite:
        uow.session.execute(update(Change), sealed)
        return
    # in one statement: one for each would take longer than the writes that are sealed
    kinds: dict[str, Any] = {"id": Uuid(), "seq": BigInteger(), "previous": String(), "hash": String()}
    new = uow.db.side_by_side(**{name: (kind, [one[name] for one in sealed]) for name, kind in kinds.items()})
    given = {name: new.c[name] for name in kinds if name != "id"}
    statement = update(Change).where(col(Change.id) == new.c.id).values(given)
    uow.session.execute(statement, execution_options={"synchronize_session": False})


def _in_order(rows: Sequence[Any]) -> list[Any]:
    """By id, which is about by time; but the changes of one record by version, whatever clock they were noted by."""
    versions: dict[UUID, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.version):
        versions.setdefault(row.record_id, []).append(row)
    turns = {record_id: iter(changes) for record_id, changes in versions.items()}
    return [next(turns[row.record_id]) for row in rows]


@reads(Scope.WORKSPACE_ADMIN)
def since(uow: Uow, seq: int, limit: int) -> Sequence[Change]:
    """The next `limit` sealed changes after the number `seq`."""
    return uow.session.scalars(select(Change).where(col(Change.seq) > seq).order_by(col(Change.seq)).limit(limit)).all()
