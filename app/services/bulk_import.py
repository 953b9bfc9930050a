"""Imports: begun, fed with the parts of a file, run, cancelled, undone and listed. `bulk_step` does the work."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import Field
from sqlmodel import col, delete, select

from app import ids
from app.actor import Scope
from app.errors import Code, Invalid, NotFound, Problem
from app.models.bulk_import import BulkFormat, BulkType, Import, ImportPart, ImportState
from app.models.change import Action
from app.services import bulk_mapping
from app.services.bulk import BULK, require
from app.services.bulk_actor import who
from app.services.bulk_encoding import CODECS
from app.services.bulk_source import open_file, stamp
from app.services.bulk_text import DELIMITERS, storable
from app.services.listing import Listing
from app.services.repeatable import fate_of, repeatable
from app.services.row import ErrorPolicy, Outcome, Row, parse
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Import, Scope.IMPORT_READ)
JOB = "import"
MOST_PARTS = 10_000
ENDED = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED, ImportState.UNDONE})


class StartRow(Row):
    """What is asked of an import."""

    type: BulkType
    format: BulkFormat
    mapping: dict[str, Any] | None = None
    error_policy: ErrorPolicy = ErrorPolicy.REJECT_FAILED_ROWS
    create_missing: bool = False
    dry_run: bool = False
    file: str | None = Field(default=None, min_length=1, max_length=1_000)
    encoding: str | None = None
    delimiter: str | None = None
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=200)


@writes(Scope.IMPORT_WRITE)
def start(uow: Uow, data: Mapping[str, Any]) -> tuple[Import, Outcome]:
    """An import that waits for the parts of its file, or runs at once where the server reads the file itself.

    The same key with the same input gives the same import. Raises Invalid, Forbidden.
    """
    wanted = parse(StartRow, data)
    require(uow, *BULK[wanted.type].write_scopes)
    _check(wanted)
    plan = bulk_mapping.asked(wanted.type, wanted.mapping)
    digest = hashlib.sha256(orjson.dumps(data, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if (known := _known(uow, wanted.idempotency_key, digest)) is not None:
        return known, Outcome.UNCHANGED
    row = _new(uow, wanted, plan, digest)
    if wanted.file is not None:
        handle = open_file(uow.settings, uow.tenant_id, wanted.file)
        row.bytes_total, row.stamp = os.fstat(handle).st_size, stamp(handle)
        os.close(handle)
        _queue(uow, row)
    uow.session.add(row)
    uow.session.flush()
    uow.record(row, "Import", Action.CREATED)
    return row, Outcome.CREATED


def _new(uow: Uow, wanted: StartRow, plan: bulk_mapping.Plan | None, digest: str) -> Import:
    """The import as it begins."""
    return Import(
        tenant_id=uow.tenant_id,
        type=wanted.type,
        format=wanted.format,
        source=uow.actor.source,
        started_by=uow.actor.name,
        starter=who(uow.actor),
        idempotency_key=wanted.idempotency_key,
        digest=digest,
        options={
            "policy": wanted.error_policy.value,
            "create_missing": wanted.create_missing,
            "dry_run": wanted.dry_run,
            "encoding": wanted.encoding,
            "delimiter": wanted.delimiter,
        },
        mapping=plan.name if plan else None,
        plan=plan.model_dump(mode="json", by_alias=True) if plan else None,
        file=wanted.file,
        created_at=uow.now,
        updated_at=uow.now,
    )


def _check(wanted: StartRow) -> None:
    """Refuse a delimiter or an encoding that there is not. Raises Invalid."""
    if wanted.delimiter is not None and wanted.delimiter not in DELIMITERS:
        msg = Text("delimiter is a comma, a semicolon, a tab or a bar.", "delimiter 须为逗号、分号、制表符或竖线。")
        raise Invalid(msg, "delimiter")
    if wanted.encoding is not None and wanted.encoding not in CODECS:
        those = ", ".join(CODECS)
        msg = Text(f"encoding is one of {those}.", f"encoding 须为 {those} 之一。")
        raise Invalid(msg, "encoding")


def _known(uow: Uow, key: str | None, digest: str) -> Import | None:
    if key is None:
        return None
    mine = (Import.source == uow.actor.source, Import.idempotency_key == key)
    found = uow.session.scalars(select(Import).where(*mine)).first()
    if found is not None and found.digest != digest:
        msg = Text(
            "This idempotencyKey was used for another import; use a new one.",
            "此 idempotencyKey 已用于另一导入；请换一个新的。",
        )
        raise Invalid(msg, "idempotencyKey", code=Code.IDEMPOTENCY_MISMATCH)
    return found


def held(uow: Uow, id_: UUID) -> Import:
    """The import, held until the end. Raises NotFound."""
    statement = select(Import).where(Import.id == id_).execution_options(populate_existing=True)
    row: Import | None = uow.session.scalars(uow.db.locked(statement, Import.id)).first()
    if row is None:
        raise NotFound(Text("There is no import with this id.", "没有此 ID 的导入。"))
    return row


def named(uow: Uow, id_: str) -> Import:
    """The import of a global id, held. Raises Invalid."""
    found = ids.decode_uuid(id_, "Import")
    try:
        if found is not None:
            return held(uow, found)
    except NotFound:
        pass
    raise Invalid(Text("There is no import with this id.", "没有此 ID 的导入。"), "id", code=Code.NOT_FOUND)


def _own(uow: Uow, row: Import) -> None:
    """Refuse anybody but who began it: it acts with what they may. Raises Invalid."""
    token = uow.actor.token_id.hex if uow.actor.token_id else None
    require(uow, *BULK[row.type].write_scopes)
    if (token, uow.actor.name, uow.actor.source) != (row.starter["token"], row.starter["name"], row.source):
        msg = Text(
            "Only the token that began an import may send its file and run it.",
            "只有开始导入的令牌才能发送文件并运行。",
        )
        raise Invalid(msg, "id", code=Code.CONFLICT)


def _state(row: Import, *possible: ImportState) -> None:
    if row.state not in possible:
        those = ", ".join(possible)
        msg = Text(
            f"The import is {row.state.value}; this can be done while it is {those}.",
            f"导入处于 {row.state.value} 状态；此操作只能在 {those} 状态下进行。",
        )
        raise Invalid(msg, "id", code=Code.CONFLICT)


@writes(Scope.IMPORT_WRITE)
def put_part(uow: Uow, id_: UUID, number: int, data: bytes) -> ImportPart:
    """Keep a part of the file, or put it in the place of one with that number. Raises Invalid, NotFound, Forbidden."""
    row = held(uow, id_)
    _own(uow, row)
    _state(row, ImportState.RECEIVING)
    if not 1 <= number <= MOST_PARTS:
        msg = Text(f"Parts are numbered from 1 to {MOST_PARTS}.", f"分块编号为 1 到 {MOST_PARTS}。")
        raise Invalid(msg, "number", code=Code.OUT_OF_RANGE)
    if row.file is not None or not data:
        msg = Text("The part is empty, or the import has its file already.", "分块为空，或导入已有文件。")
        raise Invalid(msg, "number")
    digest = hashlib.sha256(data).hexdigest()
    mine = (ImportPart.import_id == row.id, ImportPart.number == number)
    part = uow.session.scalars(select(ImportPart).where(*mine)).first()
    if part is None:
        part = ImportPart(tenant_id=uow.tenant_id, import_id=row.id, number=number, size=0, digest="", data=b"")
    if part.digest != digest:
        part.size, part.digest, part.data = len(data), digest, data
        uow.session.add(part)
        uow.session.flush()
    return part


@writes(Scope.IMPORT_WRITE)
@repeatable("importRun", fate_of(Import))
def run(uow: Uow, id_: str, parts: int | None = None, *, delay_s: float = 0) -> tuple[Import, Outcome]:
    """The import, in the queue: all of its file is there. `parts` is how many there must be. Raises Invalid."""
    row = named(uow, id_)
    _own(uow, row)
    if row.state is not ImportState.RECEIVING:
        return row, Outcome.UNCHANGED
    statement = select(ImportPart.number, ImportPart.size).where(ImportPart.import_id == row.id)
    sizes = dict(uow.session.execute(statement).all())
    missing = sorted(set(range(1, (parts or max(sizes, default=1)) + 1)) ^ sizes.keys())
    if missing:
        those = ", ".join(map(str, missing[:20]))
        msg = Text(
            f"The parts are not those that there should be; look at {those}.",
            f"分块与应有的不符；请检查 {those}。",
        )
        raise Invalid(msg, "parts", code=Code.CONFLICT)
    row.bytes_total = sum(sizes.values())
    _queue(uow, row, delay_s)
    uow.record(row, "Import", Action.UPDATED, ["state"])
    return row, Outcome.UPDATED


def _queue(uow: Uow, row: Import, delay_s: float = 0) -> None:
    row.state, row.started_at, row.updated_at = ImportState.QUEUED, uow.now, uow.now
    uow.enqueue(JOB, uow.now + timedelta(seconds=delay_s), import_id=row.id.hex)


@writes(Scope.IMPORT_WRITE)
@repeatable("importCancel", fate_of(Import))
def cancel(uow: Uow, id_: str) -> tuple[Import, Outcome]:
    """The import, stopped; what it has written stays, and can be undone. Raises Invalid."""
    row = named(uow, id_)
    require(uow, *BULK[row.type].write_scopes)
    if row.state in ENDED:
        return row, Outcome.UNCHANGED
    _state(row, ImportState.RECEIVING, ImportState.QUEUED, ImportState.CHECKING, ImportState.RUNNING)
    end(uow, row, ImportState.CANCELLED)
    uow.record(row, "Import", Action.UPDATED, ["state"])
    return row, Outcome.UPDATED


@writes(Scope.IMPORT_WRITE)
@repeatable("importUndo", fate_of(Import))
def undo(uow: Uow, id_: str) -> tuple[Import, Outcome]:
    """The import, about to be undone: what it made goes, what it changed is as before. Raises Invalid."""
    row = named(uow, id_)
    require(uow, *BULK[row.type].write_scopes)
    if row.state in (ImportState.UNDOING, ImportState.UNDONE):
        return row, Outcome.UNCHANGED
    _state(row, ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
    if row.finished_at is None or (uow.now - row.finished_at).days >= uow.settings.import_kept_days:
        msg = Text("What was there before is no longer kept; it is too late.", "导入前的内容已不再保留；为时已晚。")
        raise Invalid(msg, "id", code=Code.CONFLICT)
    if uow.actor.source != row.source:
        msg = Text(
            f"The records are of the source {row.source!r}; undo it with a token of that source.",
            f"这些记录属于来源 {row.source!r}；请使用该来源的令牌撤销。",
        )
        raise Invalid(msg, "id", code=Code.CONFLICT)
    row.state, row.undoer, row.finished_at, row.updated_at = ImportState.UNDOING, who(uow.actor), None, uow.now
    uow.enqueue(JOB, import_id=row.id.hex)
    uow.record(row, "Import", Action.UPDATED, ["state"])
    return row, Outcome.UPDATED


def end(uow: Uow, row: Import, state: ImportState, *problems: Problem) -> None:
    """Note that the import has come to its end; its file is no longer needed."""
    row.state, row.finished_at, row.updated_at = state, uow.now, uow.now
    row.problems = [*row.problems, *map(told, problems)]
    uow.session.execute(delete(ImportPart).where(col(ImportPart.import_id) == row.id))
    uow.enqueue("import.forget", uow.now + timedelta(days=uow.settings.import_kept_days), import_id=row.id.hex)


def told(problem: Problem, column: str | None = None) -> list[Any]:
    """A problem as it is stored, with the column in which it lies."""
    stored: list[Any] = storable([problem.code.value, *problem.message, problem.path, column])
    return stored


def problem_of(stored: Sequence[Any]) -> Problem:
    """The problem that was stored."""
    code, en, zh, path, _column = stored
    return Problem(Code(code), Text(en, zh), tuple(path))
