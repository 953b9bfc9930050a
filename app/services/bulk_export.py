"""Exports: records as files, read page by page from one moment; what is exported can be imported again."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from pydantic import Field
from sqlmodel import col, func, select

from app.actor import Actor, Scope
from app.errors import Code, Invalid, NotFound, Problem
from app.models.bulk_export import Export
from app.models.bulk_import import BulkFormat, BulkType
from app.models.change import Action
from app.models.channel import Channel
from app.models.segment import SegmentMember
from app.services import segment_stay
from app.services.bulk import BULK, Bulk, require
from app.services.bulk_row import documents, keys, plain
from app.services.bulk_text import harmless
from app.services.filter import Tree
from app.services.listing import Listing
from app.services.repeatable import fate_of, repeatable
from app.services.row import Outcome, Row, parse
from app.text import Text
from app.uow import Door, Uow, reads, writes

LIST = Listing(Export, Scope.EXPORT_READ)
PAGE = 1_000


class StartRow(Row):
    """What is asked of an export."""

    type: BulkType
    format: BulkFormat
    source: str | None = Field(default=None, min_length=1, max_length=100)
    fields: list[str] | None = Field(default=None, min_length=1, max_length=100)


@writes(Scope.EXPORT_WRITE)
@repeatable("exportStart", fate_of(Export))
def start(uow: Uow, data: Mapping[str, Any], tree: Tree | None) -> tuple[Export, Outcome]:
    """An export that can be downloaded, of one source's records that meet the filter. Raises Invalid, Forbidden."""
    wanted = parse(StartRow, data)
    bulk = BULK[wanted.type]
    require(uow, *bulk.read_scopes)
    bulk.rows.where(uow, tree)  # what cannot be asked is refused now
    row = Export(
        tenant_id=uow.tenant_id,
        type=wanted.type,
        format=wanted.format,
        source=wanted.source or uow.actor.source,
        started_by=uow.actor.name,
        filter=_stored(tree),
        fields=_fields(bulk, wanted.fields),
        created_at=uow.now,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record(row, "Export", Action.CREATED)
    return row, Outcome.CREATED


def _fields(bulk: Bulk, given: Sequence[str] | None) -> list[str]:
    """The fields to export, in the order asked for. Raises Invalid."""
    known = keys(bulk.row)
    problems = []
    for place, name in enumerate(given or ()):
        if name not in known:
            those = (get_close_matches(name, known, 1, 0.6) or [", ".join(known)])[0]
            msg = Text(f"There is no field {name}; use {those}.", f"没有字段 {name}；请使用 {those}。")
            problems.append(Problem(Code.INVALID, msg, ("fields", str(place))))
    if problems:
        raise Invalid(problems)
    return list(dict.fromkeys(given)) if given else known


def _stored(tree: Any) -> Any:  # noqa: ANN401 - a filter, or a part of it
    """A filter as JSON."""
    if isinstance(tree, Mapping):
        return {name: _stored(value) for name, value in tree.items()}
    return [_stored(one) for one in tree] if isinstance(tree, list) else plain(tree)


def _filter(rows: Listing[Any], stored: Any) -> Any:  # noqa: ANN401 - as JSON holds it
    """The filter that was stored, its values of the types of their columns."""
    found: dict[str, Any] = {}
    for name, value in (stored or {}).items():
        if name in ("and", "or"):
            found[name] = [_filter(rows, one) for one in value]
        elif name == "not":
            found[name] = _filter(rows, value)
        else:
            kind = str if name in rows.references else rows.type_of(name)
            found[name] = {operator: _of(kind, operator, one) for operator, one in value.items()}
    return found


def _of(kind: type, operator: str, value: Any) -> Any:  # noqa: ANN401 - as JSON holds it
    if isinstance(value, list):
        return [_of(kind, operator, one) for one in value]
    if operator == "is_null" or not isinstance(value, str):
        return value
    if kind is datetime:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return kind(value) if issubclass(kind, StrEnum) else value


@reads(Scope.EXPORT_READ)
def get(uow: Uow, export_id: UUID) -> Export:
    """The export, for somebody who may read its records. Raises NotFound, Forbidden."""
    row = uow.session.get(Export, (uow.tenant_id, export_id))
    if row is None:
        raise NotFound(Text("There is no export with this id.", "没有此 ID 的导出。"))
    require(uow, *BULK[row.type].read_scopes)
    return row


@reads(Scope.EXPORT_READ)
def count(uow: Uow, export_id: UUID) -> int:
    """How many records the export would hold now, at most."""
    row = get(uow, export_id)
    return (
        uow.session.scalar(select(func.count()).select_from(BULK[row.type].rows.model).where(*_conditions(uow, row)))
        or 0
    )


def _conditions(uow: Uow, row: Export) -> list[Any]:
    """Which records may be exported; of customers all, for their names are looked up page by page.

    What is kept under names of the workspace's own is of every source.
    """
    bulk = BULK[row.type]
    found: list[Any] = bulk.rows.where(uow, _filter(bulk.rows, row.filter))
    return [*found, bulk.rows.model.source == row.source] if hasattr(bulk.rows.model, "source") else found


def download(door: Door, actor: Actor, row: Export) -> Iterator[bytes]:
    """The file, piece by piece, all of it from one snapshot; that it was taken whole is noted at the end."""
    count = 0
    with door.snapshot(actor) as uow:
        require(uow, *BULK[row.type].read_scopes)
        write = _csv if row.format is BulkFormat.CSV else _jsonl
        yield write(row.fields, None)
        for page in pages(uow, row):
            count += len(page)
            yield write(row.fields, page)
    door.write(actor, downloaded, row.id, count)


def pages(uow: Uow, row: Export) -> Iterator[list[dict[str, Any]]]:
    """The documents of an export, some at a time, in an order in which they can be imported."""
    bulk = BULK[row.type]
    # whom the source does not know by a name of its own is not its customer
    name = {"Customer": "externalId", "SegmentMember": "customer"}.get(bulk.noun)
    for found in _rows(uow, bulk, _conditions(uow, row)):
        shown = [bulk.rows.seen(one, uow.actor) for one in found]
        told = documents(uow, bulk, shown, row.source)
        yield told if name is None else [one for one in told if isinstance(one.get(name), str)]


def _rows(uow: Uow, bulk: Bulk, conditions: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The records, some at a time: as they came, those above before those below them."""
    model: Any = bulk.rows.model
    if model is SegmentMember:
        yield from segment_stay.pages(uow, PAGE)
        return
    if model is Channel:
        channels = _from_above(list(uow.session.scalars(select(Channel).where(*conditions).order_by(col(Channel.id)))))
        yield from (channels[start : start + PAGE] for start in range(0, len(channels), PAGE))
        return
    after = UUID(int=0)
    while True:
        statement = select(model).where(*conditions, model.id > after).order_by(model.id).limit(PAGE)
        found = list(uow.session.scalars(statement))
        if not found:
            return
        yield found
        after = found[-1].id
        uow.session.expunge_all()


def _from_above(rows: Sequence[Channel]) -> list[Channel]:
    """The channels, each after the one above it."""
    found: list[Channel] = []
    left, placed = list(rows), set[UUID]()
    while left:  # one above that the filter leaves out is there already, where it is imported, or is told to be missing
        waiting = {row.id for row in left}
        found += [row for row in left if row.parent_id not in waiting]
        placed.update(row.id for row in found)
        left = [row for row in left if row.id not in placed]
    return found


def _jsonl(fields: Sequence[str], page: Sequence[Mapping[str, Any]] | None) -> bytes:
    rows = ({key: one[key] for key in fields if key in one} for one in page or ())
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _csv(fields: Sequence[str], page: Sequence[Mapping[str, Any]] | None) -> bytes:
    if page is None:  # spreadsheets take a file for UTF-8 by its mark alone
        return b"\xef\xbb\xbf" + table([fields])
    return table([[cell(one.get(key)) for key in fields] for one in page])


def cell(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as a cell, from which it can be read again and which no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return harmless(value if isinstance(value, str) else orjson.dumps(value).decode())


def table(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """Rows as lines of a table."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


@writes(Scope.EXPORT_WRITE)
def downloaded(uow: Uow, export_id: UUID, rows: int) -> None:
    """Note that an export was taken away, whole."""
    row = uow.session.get(Export, (uow.tenant_id, export_id))
    if row is not None:
        row.downloads, row.downloaded_at, row.rows = row.downloads + 1, uow.now, rows
