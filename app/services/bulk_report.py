"""The report of an import: its rejected rows as a file like the one that was sent, with what to mend in each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func
from sqlmodel import col, select

from app.actor import Actor, Scope
from app.errors import NotFound
from app.models.bulk_import import BulkFormat, Import, ImportRejection
from app.services.bulk import BULK, require
from app.services.bulk_export import table
from app.services.bulk_import import problem_of
from app.services.bulk_mapping import REJECTED
from app.services.bulk_text import harmless
from app.text import Text
from app.uow import Door, Uow, reads

PAGE = 1_000


@reads(Scope.IMPORT_READ)
def get(uow: Uow, import_id: UUID) -> Import:
    """The import, for somebody who may see what was sent: who sent it, or who may see personal data.

    Raises NotFound, Forbidden.
    """
    row = uow.session.get(Import, (uow.tenant_id, import_id))
    if row is None:
        raise NotFound(Text("There is no import with this id.", "没有此 ID 的导入。"))
    sender(uow, row)
    return row


def sender(uow: Uow, row: Import) -> None:
    """Refuse whoever may not see what was sent. Raises Forbidden."""
    require(uow, *BULK[row.type].write_scopes)
    token = uow.actor.token_id.hex if uow.actor.token_id else None
    if (token, uow.actor.name) != (row.starter["token"], row.starter["name"]):
        require(uow, Scope.PERSONAL_READ)


def download(door: Door, actor: Actor, row: Import, locale: str) -> Iterator[bytes]:
    """The report, piece by piece, in the reader's language; from one snapshot."""
    is_csv = row.format is BulkFormat.CSV
    with door.snapshot(actor) as uow:
        if is_csv:
            head = [*REJECTED, *map(harmless, row.header or [])]
            yield b"\xef\xbb\xbf" + table([head], row.delimiter or ",")
        for page in pages(uow, row.id):
            if is_csv:
                yield table([_cells(one, locale) for one in page], row.delimiter or ",")
            else:
                yield b"".join(orjson.dumps(_object(one, locale)) + b"\n" for one in page)


def pages(uow: Uow, import_id: UUID) -> Iterator[Sequence[ImportRejection]]:
    """The rejected rows, some at a time, by their lines."""
    line, last = 0, UUID(int=0)
    mine = ImportRejection.import_id == import_id
    order = col(ImportRejection.line), col(ImportRejection.id)
    while True:
        beyond = (col(ImportRejection.line) > line) | (
            (col(ImportRejection.line) == line) & (col(ImportRejection.id) > last)
        )
        found = uow.session.scalars(select(ImportRejection).where(mine, beyond).order_by(*order).limit(PAGE)).all()
        if not found:
            return
        yield found
        line, last = found[-1].line, found[-1].id
        uow.session.expunge_all()


def _told(one: ImportRejection, locale: str) -> tuple[str, str, str]:
    """Row, column and reason."""
    columns = [str(column) for *_, column in one.problems if column]
    reasons = [problem_of(stored).message.in_(locale) for stored in one.problems]
    return str(one.line), ", ".join(dict.fromkeys(columns)), " ".join(reasons)


def _cells(one: ImportRejection, locale: str) -> list[str]:
    return [harmless(str(cell)) for cell in (*_told(one, locale), *one.cells)]


def _object(one: ImportRejection, locale: str) -> Mapping[str, Any]:
    (found,) = one.cells
    told = dict(zip(REJECTED, _told(one, locale), strict=True))
    own = found if isinstance(found, dict) else {"rejectedLine": found}
    return {**told, **{name: value for name, value in own.items() if name not in REJECTED}}


FIRST_REJECTIONS = 100
"""How many of the rows that were not accepted are told beside the report."""


@reads(Scope.IMPORT_READ)
def rejections(uow: Uow, import_ids: Sequence[UUID]) -> dict[UUID, list[ImportRejection]]:
    """Of each of these imports the first rows that were not accepted, by their lines."""
    order = col(ImportRejection.line), col(ImportRejection.id)
    place = func.row_number().over(partition_by=col(ImportRejection.import_id), order_by=order)
    mine = uow.db.is_any(ImportRejection.import_id, list(import_ids))
    ranked = select(ImportRejection.id, place.label("place")).where(mine).subquery()
    statement = select(ImportRejection).join(ranked, ranked.c.id == ImportRejection.id)
    found: dict[UUID, list[ImportRejection]] = {}
    for row in uow.session.scalars(statement.where(ranked.c.place <= FIRST_REJECTIONS).order_by(*order)):
        found.setdefault(row.import_id, []).append(row)
    return found
