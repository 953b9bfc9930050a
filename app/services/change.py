"""Changes: numbered and hash-chained after they committed, by one sealer per workspace."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlmodel import col, select, update

from app.actor import Scope
from app.models.change import Change
from app.uow import Uow, reads, writes

SEAL_AT_ONCE = 5_000
_GENESIS = "0" * 64


def digest(previous: str, change: Change) -> str:
    """The link of the chain: a hash of the link before and of everything the row says."""
    said = [
        previous, change.seq, change.at.isoformat(), change.actor, change.token_id and change.token_id.hex,
        change.request_id, change.noun, change.record_id.hex, change.action.value, change.version, change.fields,
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(said)).hexdigest()


@writes(Scope.WORKSPACE_ADMIN)
def seal(uow: Uow) -> int:
    """Number and chain what has committed since the last time; how many were sealed.

    Only the sealer reads unsealed rows, under a lock of the workspace: what it sees has committed, and what commits
    later gets a later number. So readers of the sequence miss nothing, and see each record's changes in their order.
    """
    uow.db.lock(uow.session, "seal", uow.tenant_id)
    last = uow.session.scalars(
        select(Change).where(col(Change.seq).is_not(None)).order_by(col(Change.seq).desc()).limit(1)
    ).first()
    seq, previous = (last.seq or 0, last.hash or _GENESIS) if last else (0, _GENESIS)
    unsealed = select(Change).where(col(Change.seq).is_(None)).order_by(col(Change.id)).limit(SEAL_AT_ONCE)
    rows = _in_order(list(uow.session.scalars(unsealed)))
    sealed = []
    for change in rows:
        seq += 1
        change.seq = seq
        link = digest(previous, change)
        sealed.append({"tenant_id": uow.tenant_id, "id": change.id, "seq": seq, "previous": previous, "hash": link})
        previous = link
    uow.session.expunge_all()
    if sealed:
        uow.session.execute(update(Change), sealed)
    return len(sealed)


def _in_order(rows: list[Change]) -> list[Change]:
    """By id, which is about by time; but the changes of one record by version, whatever clock they were noted by."""
    versions: dict[UUID, list[Change]] = {}
    for row in sorted(rows, key=lambda row: row.version):
        versions.setdefault(row.record_id, []).append(row)
    turns = {record_id: iter(changes) for record_id, changes in versions.items()}
    return [next(turns[row.record_id]) for row in rows]


@reads(Scope.WORKSPACE_ADMIN)
def broken_at(uow: Uow) -> int | None:
    """The first number at which the chain does not hold, or None when nothing was altered, lost or reordered."""
    expected, previous = 1, _GENESIS
    statement = select(Change).where(col(Change.seq).is_not(None)).order_by(col(Change.seq))
    with uow.session.scalars(statement.execution_options(yield_per=1_000)) as changes:
        for change in changes:
            if change.seq != expected or change.previous != previous or change.hash != digest(previous, change):
                return expected
            expected, previous = expected + 1, change.hash
    return None


@reads(Scope.WORKSPACE_ADMIN)
def since(uow: Uow, seq: int, limit: int) -> Sequence[Change]:
    """The next `limit` sealed changes after the number `seq`."""
    return uow.session.scalars(select(Change).where(col(Change.seq) > seq).order_by(col(Change.seq)).limit(limit)).all()
