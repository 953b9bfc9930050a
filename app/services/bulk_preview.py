"""What an import would make of a file: seen on its first lines, without storing anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col, select

from app import ids
from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.bulk_import import BulkFormat, BulkType, Import, ImportPart
from app.services import bulk_encoding, bulk_mapping, bulk_text
from app.services.bulk import BULK
from app.services.bulk_mapping import Bound, Plan
from app.services.bulk_reading import Reader, row_of
from app.services.bulk_report import sender
from app.services.bulk_text import Lines, Record
from app.services.row import Row, Wrong, parse
from app.text import Text
from app.uow import Uow, reads

ROWS = 20
"""Sample rows that are shown."""
_LINES = 1_000
"""Lines that are looked at."""


class PreviewRow(Row):
    """What to look at, and how it is to be read."""

    type: BulkType
    format: BulkFormat
    mapping: dict[str, Any] | None = None
    import_: str | None = None
    text: str | None = Field(default=None, max_length=100_000)
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the fields that it fills, or the one that it was most likely meant for."""

    name: str
    fields: Sequence[str]
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: its line, the document that it stands for, and what is wrong with it."""

    line: int
    document: Mapping[str, Any]
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Preview:
    """What was recognised."""

    encoding: str | None = None
    delimiter: str | None = None
    columns: Sequence[Column] = ()
    missing: Sequence[str] = ()
    rows: Sequence[Sample] = ()
    problems: Sequence[Problem] = ()


@reads(Scope.IMPORT_READ)
def preview(uow: Uow, data: Mapping[str, Any]) -> Preview:
    """What an import would make of the first lines. What stops it as a whole is in `problems`. Raises Forbidden."""
    try:
        wanted = parse(PreviewRow, data)
        plan, content = bulk_mapping.asked(wanted.type, wanted.mapping), _content(uow, wanted)
    except Invalid as error:
        return Preview(problems=error.problems)
    return _previewed(uow, wanted, plan, content)


def _previewed(uow: Uow, wanted: PreviewRow, plan: Plan | None, content: bytes) -> Preview:
    encoding = delimiter = None

    def read(offset: int) -> bytes:
        return content[offset:]

    try:
        encoding = (None if wanted.text else wanted.encoding) or bulk_encoding.recognised(read)
        start = bulk_encoding.bom(read)
        lines = Lines(read, encoding, start, 1)
        if wanted.format is BulkFormat.JSONL:
            records = list(islice(bulk_text.objects(lines), _LINES))
            header = list(dict.fromkeys(name for one in records for name in one.cells))
        else:
            delimiter = wanted.delimiter or bulk_text.sniffed(Lines(read, encoding, start, 1))
            table = bulk_text.rows(lines, delimiter)
            first = next(table, None)
            header = bulk_text.header(first.raw if first else [])
            records = list(islice(bulk_text.named(header, table), _LINES))
        plan = plan or bulk_mapping.of_headings(wanted.type, header)
        bound = bulk_mapping.bound(plan, header)
    except Invalid as error:
        return Preview(encoding, delimiter, problems=error.problems)
    reader = Reader(bound, uow.zone)
    samples = [_sample(reader, BULK[wanted.type].row, one) for one in records[:ROWS]]
    return Preview(encoding, delimiter, _columns(bound, header), list(bound.missing), samples)


def _sample(reader: Reader, kind: type[Row], record: Record) -> Sample:
    if record.problem is not None:
        return Sample(record.line, {}, [Problem(Code.INVALID, record.problem)])
    document = reader.document(record.cells)
    problems: Sequence[Problem] = ()
    try:
        parse(kind, row_of(kind, document))
    except Invalid as error:
        problems = error.problems
    return Sample(record.line, document, problems)


def _columns(bound: Bound, header: Sequence[str]) -> list[Column]:
    fields: dict[str, list[str]] = {}
    for key, rule in bound.plan.fields.items():
        for name in (*rule.columns, *(one for group in rule.join for one in group)):
            if name in bound.columns and key not in fields.setdefault(bound.columns[name], []):
                fields[bound.columns[name]].append(key)
    return [
        Column(name, fields.get(name, []), bound.suggestion(name) if name not in fields else None) for name in header
    ]


def _content(uow: Uow, wanted: PreviewRow) -> bytes:
    """The bytes to look at, up to the end of a line. Raises Invalid."""
    if wanted.text is not None:
        return wanted.text.encode("utf-8", errors="replace")
    id_ = ids.decode_uuid(wanted.import_ or "", "Import")
    row = None if id_ is None else uow.session.get(Import, (uow.tenant_id, id_))
    if row is None:
        msg = Text(
            "Give the text of the first lines, or an import whose first part has come.",
            "请给出前几行文本，或第一块已到达的导入。",
        )
        raise Invalid(msg, "import", code=Code.NOT_FOUND)
    sender(uow, row)
    data = _first_part(uow, row.id)
    if data is None:
        raise Invalid(Text("The first part has not come yet.", "第一块尚未到达。"), "import", code=Code.NOT_FOUND)
    return data


def _first_part(uow: Uow, import_id: UUID) -> bytes | None:
    order = col(ImportPart.number)
    part = uow.session.scalars(
        select(ImportPart.data).where(ImportPart.import_id == import_id).order_by(order).limit(1)
    ).first()
    if part is None:
        return None
    return part[: part.rfind(b"\n") + 1] or part


def shown(value: Any) -> Any:  # noqa: ANN401 - a document, or a part of it
    """A document as JSON: null in the place of what cannot be read."""
    if isinstance(value, Wrong):
        return None
    if isinstance(value, Mapping):
        return {key: shown(one) for key, one in value.items()}
    return [shown(one) for one in value] if isinstance(value, list) else value
