"""Tombs: deletions of what its source has not sent yet, so that an older version stays dead when it comes."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import select

from app.models.change import Action
from app.models.tombstone import Tombstone
from app.uow import Uow


def buried(uow: Uow, noun: str, external_ids: Sequence[str]) -> dict[str, datetime]:
    """Which of these the caller's source has deleted before they came, and as of when."""
    if not external_ids:
        return {}
    statement = select(Tombstone.external_id, Tombstone.source_updated_at).where(
        Tombstone.noun == noun,
        Tombstone.source == uow.actor.source,
        uow.db.is_any(Tombstone.external_id, list(external_ids)),
    )
    return {row.external_id: row.source_updated_at for row in uow.session.execute(statement)}


def bury(uow: Uow, noun: str, external_id: str, as_of: datetime) -> None:
    """Remember that the caller's source has deleted something that has not come."""
    mine = (Tombstone.noun == noun, Tombstone.source == uow.actor.source, Tombstone.external_id == external_id)
    grave = uow.session.scalars(select(Tombstone).where(*mine)).first()
    if grave is None:
        grave = Tombstone(
            tenant_id=uow.tenant_id,
            noun=noun,
            source=uow.actor.source,
            external_id=external_id,
            source_updated_at=as_of,
        )
        uow.record(grave, noun, Action.DELETED)
    grave.source_updated_at = max(grave.source_updated_at, as_of)
    uow.session.add(grave)
    uow.session.flush()
