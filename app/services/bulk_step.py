"""The work of imports, by the job: a file is recognised, checked where that is asked, and written, batch by batch.

How far it has come is committed with each batch, so that a worker that dies is taken over from without a row twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import col, delete

from app.actor import Actor, Scope, system
from app.errors import AppError, Code, Forbidden, Invalid, Problem, Unauthenticated
from app.models.bulk_import import BulkFormat, Import, ImportEffect, ImportRejection, ImportState
from app.services import bulk_encoding, bulk_mapping, bulk_source, bulk_text, bulk_undo
from app.services.bulk import BULK
from app.services.bulk_actor import still
from app.services.bulk_import import ENDED, end, held
from app.services.bulk_reading import Reader, row_of
from app.services.bulk_text import Lines, Record, storable
from app.services.bulk_write import FAULT, Entry, Stretch, store
from app.services.row import ErrorPolicy
from app.text import Text
from app.uow import Door, Uow, reads, writes

BUDGET_S = 5.0
"""How long one run of the job goes on before others have their turn."""
_log = structlog.get_logger()


@reads(Scope.IMPORT_READ)
def get(uow: Uow, import_id: UUID) -> Import | None:
    """The import as it stands."""
    return uow.session.get(Import, (uow.tenant_id, import_id))


def work(door: Door, tenant_id: UUID, import_id: UUID, budget_s: float = BUDGET_S) -> bool:
    """Go on with an import for a while; whether nothing is left to do."""
    until = monotonic() + budget_s
    while True:
        row = door.read(_us(tenant_id), get, import_id)
        if row is None or row.state in ENDED or row.state is ImportState.RECEIVING:
            return True
        try:
            _PHASES[row.state](door, row, until)
        except (Invalid, Forbidden, Unauthenticated) as error:
            door.write(_us(tenant_id), fail, import_id, _problems(error))
        if monotonic() > until:
            return False


def _us(tenant_id: UUID) -> Actor:
    return system(tenant_id, "worker")


def _problems(error: AppError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, Invalid) else (Problem(Code.INVALID, error.text),)


@writes(Scope.IMPORT_WRITE)
def fail(uow: Uow, import_id: UUID, problems: tuple[Problem, ...]) -> None:
    """Note why the import cannot go on."""
    row = held(uow, import_id)
    if row.state not in ENDED:
        end(uow, row, ImportState.FAILED, *problems)


def _prepare(door: Door, row: Import, _until: float) -> None:
    """Recognise what the file is, and hold its columns against the mapping."""
    with bulk_source.opened(door, row) as read:
        found = recognised(row, read)
    door.write(_us(row.tenant_id), prepared, row.id, found)


def recognised(row: Import, read: Callable[[int], bytes]) -> dict[str, Any]:
    """What the file is: encoding, delimiter, header, plan and where its records begin. Raises Invalid."""
    encoding = row.options["encoding"] or bulk_encoding.recognised(read)
    start = bulk_encoding.bom(read)
    found: dict[str, Any] = {"encoding": encoding, "position": start, "line": 1}
    if row.format is BulkFormat.JSONL:
        return found
    delimiter = row.options["delimiter"] or bulk_text.sniffed(Lines(read, encoding, start, 1))
    record = next(bulk_text.rows(Lines(read, encoding, start, 1), delimiter), None)
    if record is None or record.problem is not None:
        reason = record.problem if record and record.problem else Text("The file is empty.", "文件为空。")
        raise Invalid(reason, "header")
    header = bulk_text.header(record.raw)
    plan = bulk_mapping.Plan.model_validate(row.plan) if row.plan else bulk_mapping.of_headings(row.type, header)
    bulk_mapping.bound(plan, header)
    found |= {"delimiter": delimiter, "header": header, "position": record.end, "line": record.next_line}
    return storable(found | {"plan": plan.model_dump(mode="json", by_alias=True)})  # type: ignore[no-any-return]  # as it came


@writes(Scope.IMPORT_WRITE)
def prepared(uow: Uow, import_id: UUID, found: dict[str, Any]) -> None:
    """Note what the file is, and go on."""
    row = held(uow, import_id)
    if row.state is not ImportState.QUEUED:
        return
    for name, value in found.items():
        setattr(row, name, value)
    first = row.options["dry_run"] or row.options["policy"] == ErrorPolicy.REJECT_ALL.value
    row.state, row.updated_at = ImportState.CHECKING if first else ImportState.RUNNING, uow.now
    row.options = {**row.options, "start": [row.position, row.line]}


def _advance(door: Door, row: Import, until: float) -> None:
    """Check or write records until the time is up or the file is."""
    with bulk_source.opened(door, row) as read:
        records, columns, reader = _records(door, row, read)
        position, bulk = row.position, BULK[row.type]
        while monotonic() < until:
            some = list(islice(records, bulk.batch))
            if not some:
                door.write(_us(row.tenant_id), finish, row.id, position)
                return
            entries = [_entry(one, bulk.row, reader) for one in some]
            if not _stored(door, row, Stretch(position, entries, columns)):
                return
            position = some[-1].end


def _records(
    door: Door, row: Import, read: Callable[[int], bytes]
) -> tuple[Iterator[Record], dict[str, str], Reader | None]:
    """The records from where the import stands on, the column of each field, and what reads their cells."""
    assert row.encoding is not None  # noqa: S101 - it was recognised
    lines = Lines(read, row.encoding, row.position, row.line)
    with door.snapshot(_us(row.tenant_id)) as uow:
        zone = uow.zone
    if row.format is BulkFormat.JSONL:
        if row.plan is None:
            return bulk_text.objects(lines), {}, None
        plan = bulk_mapping.Plan.model_validate(row.plan)
        bound = bulk_mapping.of_objects(plan)
        return bulk_text.objects(lines), dict(bound.of_field), Reader(bound, zone)
    header = row.header or []
    bound = bulk_mapping.bound(bulk_mapping.Plan.model_validate(row.plan), header)
    table = bulk_text.named(header, bulk_text.rows(lines, row.delimiter or ","))
    return table, dict(bound.of_field), Reader(bound, zone)


def _entry(record: Record, kind: Any, reader: Reader | None) -> Entry:  # noqa: ANN401 - the rows' type
    place = record.line, record.end, record.next_line, record.raw
    if record.problem is not None:
        return Entry(*place, None, (Problem(Code.INVALID, record.problem),))
    try:
        document = record.cells if reader is None else reader.document(record.cells)
        return Entry(*place, row_of(kind, document))
    except Invalid as error:
        return Entry(*place, None, error.problems)


def _stored(door: Door, row: Import, stretch: Stretch) -> bool:
    """Write the stretch as whoever began the import; where the service fails, by halves, down to the row at fault."""
    actor, entries = starter(door, row), stretch.entries
    try:
        return door.write(actor, store, row.id, stretch)
    except AppError:
        raise
    except Exception as error:  # noqa: BLE001 - one poisoned row must not stop the others
        _log.warning("import stumbles", error=type(error).__name__, rows=len(entries))
        if len(entries) == 1:
            wrong = replace(entries[0], row=None, problems=(Problem(Code.INVALID, FAULT),), raw=[str(entries[0].raw)])
            return door.write(actor, store, row.id, replace(stretch, entries=[wrong]))
    middle = len(entries) // 2
    return _stored(door, row, replace(stretch, entries=entries[:middle])) and _stored(
        door, row, replace(stretch, position=entries[middle - 1].end, entries=entries[middle:])
    )


def starter(door: Door, row: Import) -> Actor:
    """Who began the import, with what they may do still. Raises Unauthenticated when they may no longer come in."""
    return still(door, row, row.starter)


@writes(Scope.IMPORT_WRITE)
def finish(uow: Uow, import_id: UUID, position: int) -> None:
    """Note that the file has been gone through: once more where it was only checked, else it is done."""
    row = held(uow, import_id)
    if row.position != position or row.state not in (ImportState.CHECKING, ImportState.RUNNING):
        return
    if row.state is ImportState.RUNNING:
        end(uow, row, ImportState.DONE)
    elif row.rejected and row.options["policy"] == ErrorPolicy.REJECT_ALL.value:
        msg = Text(
            f"{row.rejected} of {row.rows_read} rows are wrong, so nothing was stored; the report says why.",
            f"{row.rows_read} 行中有 {row.rejected} 行有误，因此未保存任何内容；原因见报告。",
        )
        end(uow, row, ImportState.FAILED, Problem(Code.INVALID, msg))
    elif row.options["dry_run"]:
        end(uow, row, ImportState.DONE)
    else:
        row.state, (row.position, row.line) = ImportState.RUNNING, row.options["start"]
        row.rows_read = row.created = row.updated = row.unchanged = row.stale = 0


@writes(Scope.IMPORT_WRITE)
def forget(uow: Uow, import_id: UUID) -> None:
    """Delete what an import keeps of persons, once it has been kept long enough."""
    row = uow.session.get(Import, (uow.tenant_id, import_id))
    if row is None or row.finished_at is None or (uow.now - row.finished_at).days < uow.settings.import_kept_days:
        return
    for model in (ImportRejection, ImportEffect):
        uow.session.execute(delete(model).where(col(model.import_id) == import_id))


_PHASES: dict[ImportState, Callable[[Door, Import, float], None]] = {
    ImportState.QUEUED: _prepare,
    ImportState.CHECKING: _advance,
    ImportState.RUNNING: _advance,
    ImportState.UNDOING: bulk_undo.advance,
}
