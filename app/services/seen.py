"""What was written while mirrors were open: noted in them by every write of their source, so that none is lost."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from app import ids
from app.errors import Code, Invalid
from app.models.mirror import Mirror, MirrorSeen, MirrorState
from app.services.row import AS_USUAL, Options
from app.text import Text
from app.uow import Uow

KEPT = timedelta(hours=24)
"""A mirror expires so long after the last batch that named it."""


def note(
    uow: Uow, noun: str, rows: Sequence[Mapping[str, Any]], options: Options = AS_USUAL, source: str | None = None
) -> None:
    """Note in all open mirrors of a source, the caller's, that it has these rows. Call it once the turn is taken.

    Rows that are rejected are noted too: the source has them. Raises Invalid where the batch names a mirror that is not
    open for it.
    """
    mine = (Mirror.source == (source or uow.actor.source), Mirror.noun == noun, col(Mirror.state).in_(_TAKING))
    mirrors = list(uow.session.scalars(select(Mirror).where(*mine)))
    named = None if options.mirror is None else _named(uow, noun, options.mirror, mirrors)
    if not mirrors:
        return
    names = {name for row in rows if (name := _name(row))}
    if named is not None:
        named.expires_at = uow.now + KEPT
        named.rows += len(rows)
        named.unread += sum(1 for row in rows if _name(row) is None)
        uow.session.flush()
    put: Any = uow.db.upsert(MirrorSeen)  # type: ignore[arg-type]  # a mapped class is as good as its table
    for mirror in mirrors:
        own = {"tenant_id": uow.tenant_id, "mirror_id": mirror.id, "seen_at": uow.now}
        if seen := [own | {"external_id": name} for name in sorted(names)]:
            uow.session.execute(put.on_conflict_do_nothing(), seen)


_TAKING = (MirrorState.OPEN, MirrorState.FINISHING)


def _name(row: Mapping[str, Any]) -> str | None:
    """What the source calls the row; None where that cannot be read."""
    name = row.get("external_id")
    name = name.strip() if isinstance(name, str) else ""
    return name if 1 <= len(name) <= 200 and "\0" not in name else None  # noqa: PLR2004 - the column's length


def mirror_id(noun: str, id_: str) -> UUID | None:
    """The mirror of records of `noun` that a global id names, if it does."""
    decoded = ids.decode(id_)
    if decoded is None or decoded[0] != "Mirror" or len(decoded[1]) != 2 or decoded[1][0] != noun:  # noqa: PLR2004 - a pair
        return None
    try:
        return UUID(decoded[1][1])
    except ValueError:
        return None


def _named(uow: Uow, noun: str, id_: str, mirrors: Sequence[Mirror]) -> Mirror:
    """The mirror that a batch names. Raises Invalid unless it is open."""
    wanted = mirror_id(noun, id_)
    found = next((one for one in mirrors if one.id == wanted), None)
    if found is not None and found.state is MirrorState.OPEN and found.expires_at > uow.now:
        return found
    mine = (Mirror.id == wanted, Mirror.source == uow.actor.source)
    if wanted is not None and uow.session.scalars(select(Mirror.id).where(*mine)).first() is not None:
        msg = Text(
            "This mirror is finished or has expired; begin another with mirrorStart.",
            "此镜像已完成或已过期；请用 mirrorStart 重新开始。",
        )
        raise Invalid(msg, "mirror", code=Code.CONFLICT)
    msg = Text(
        "There is no mirror of this id for such records of the token's source; begin one with mirrorStart.",
        "令牌的来源没有此 ID 的同类记录镜像；请用 mirrorStart 开始。",
    )
    raise Invalid(msg, "mirror", code=Code.NOT_FOUND)


def clear(uow: Uow, mirror: UUID) -> None:
    """Forget what was seen of a mirror that is done."""
    seen = delete(MirrorSeen).where(col(MirrorSeen.mirror_id) == mirror)
    uow.session.execute(seen, execution_options={"synchronize_session": False})
