"""Imports and exports in few words: files sent in parts, worked off, and looked at."""

from typing import Any

import orjson

from app import ids
from app.actor import Actor
from app.models.bulk_import import BulkFormat, BulkType, Import
from app.services import bulk_export, bulk_import, bulk_report, bulk_step
from app.worker import Worker


def begin(
    people: Any, type_: str, data: bytes, *, by: Actor | None = None, part: int = 4_000_000, **more: Any
) -> Import:
    """An import whose file is there, in parts of `part` bytes, and which waits for a worker."""
    asked = {"type": BulkType(type_), "format": BulkFormat(more.pop("format", "CSV")), **more}
    row, _ = people.write(bulk_import.start, asked, by=by)
    for number, start in enumerate(range(0, len(data), part), 1):
        people.write(bulk_import.put_part, row.id, number, data[start : start + part], by=by)
    people.write(bulk_import.run, ids.encode("Import", row.id), by=by)
    return row


def load(people: Any, type_: str, data: Any, *, by: Actor | None = None, **more: Any) -> Import:
    """An import that has come to its end; `data` is a text, bytes, or documents to be written one a line."""
    if isinstance(data, list):
        data, more = b"".join(orjson.dumps(one) + b"\n" for one in data), {"format": "JSONL", **more}
    if isinstance(data, str):
        data = data.encode()
    row = begin(people, type_, data, by=by, **more)
    Worker(people.door).drain()
    return look(people, row)


def look(people: Any, row: Import) -> Import:
    """The import as it stands."""
    return people.read(bulk_step.get, row.id)


def undo(people: Any, row: Import, *, by: Actor | None = None) -> Import:
    """The import, undone."""
    people.write(bulk_import.undo, ids.encode("Import", row.id), by=by)
    Worker(people.door).drain()
    return look(people, row)


def counts(row: Import) -> dict[str, int]:
    """What became of the rows, what is 0 left out."""
    names = ("created", "updated", "unchanged", "stale", "rejected")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


def told(people: Any, row: Import) -> list[tuple[int, str]]:
    """Of each rejected row its line and why, in English."""
    found = people.read(bulk_report.rejections, [row.id]).get(row.id, [])
    return [(one.line, " ".join(stored[1] for stored in one.problems)) for one in found]


def report(people: Any, row: Import, locale: str = "en", by: Actor | None = None) -> bytes:
    """The report of rejected rows."""
    return b"".join(bulk_report.download(people.door, by or people.system, look(people, row), locale))


def save(people: Any, type_: str, *, by: Actor | None = None, tree: Any = None, **more: Any) -> bytes:
    """An export, downloaded."""
    asked = {"type": BulkType(type_), "format": BulkFormat(more.pop("format", "CSV")), **more}
    row, _ = people.write(bulk_export.start, asked, tree, by=by)
    return b"".join(bulk_export.download(people.door, by or people.system, row))
