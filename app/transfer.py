"""The commands `import` and `export`: files of any size, by the same services as the API."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli import Usage, opened, settings_from

if TYPE_CHECKING:
    from app.actor import Actor
    from app.models.bulk_import import Import
    from app.uow import Door

SAID_EVERY_S = 5.0
_ENCODINGS = {
    "UTF8": "UTF-8",
    "GBK": "GB18030",
    "GB2312": "GB18030",
    "CP1252": "WINDOWS-1252",
    "LATIN1": "WINDOWS-1252",
}
Workspace = Annotated[str, typer.Option(help="The id of the workspace.")]
Type = Annotated[str, typer.Option(help="Of what the file holds records, such as customers or orders.")]
Source = Annotated[str, typer.Option(help="The source system that the records are of.")]
Format = Annotated[str | None, typer.Option(help="jsonl or csv; by default as the file's name ends.")]


def import_(  # noqa: PLR0913 - an option each
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    workspace: Workspace,
    type: Type,
    source: Source = "default",
    format: Format = None,
    mapping: Annotated[str | None, typer.Option(help="The name of a mapping, or a JSON file with one.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding, where it should not be recognised.")] = None,
    reject_all: Annotated[bool, typer.Option(help="Store nothing if a row is wrong.")] = False,
    create_missing: Annotated[bool, typer.Option(help="Make stubs of what is named and not known.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Check the rows and store nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the rejected rows to this file.")] = None,
) -> None:
    """Import a file of records; exits with 1 when rows were rejected."""
    tenant_id = _workspace(workspace)
    with opened(settings_from()) as door:
        from app.actor import ORDINARY, Actor
        from app.services.row import ErrorPolicy

        asked = {
            "type": _type(type),
            "format": _format(file, format),
            "mapping": _mapping(mapping),
            "encoding": _ENCODINGS.get(encoding.upper(), encoding.upper()) if encoding else None,
            "error_policy": ErrorPolicy.REJECT_ALL if reject_all else ErrorPolicy.REJECT_FAILED_ROWS,
            "create_missing": create_missing,
            "dry_run": dry_run,
        }
        actor = Actor(tenant_id, "command line", ORDINARY, source)
        _known(door, actor)
        row = _worked_off(door, actor, _sent(door, actor, asked, file))
        if report is not None and row.rejected:
            from app.services import bulk_report

            _write(report, bulk_report.download(door, actor, row, "en"), lambda _: None)
        _tell(row)


def _tell(row: "Import") -> None:
    """Say what became of the import; ends with 1 when something is to be mended."""
    names = ("created", "updated", "unchanged", "stale", "rejected")
    typer.echo(f"{row.state.value}: " + ", ".join(f"{getattr(row, name):,} {name}" for name in names) + ".")
    for problem in row.problems:
        typer.echo(f"custograph: {problem[1]}", err=True)
    if row.rejected or row.problems:
        raise typer.Exit(1)


def _sent(door: "Door", actor: "Actor", asked: dict[str, Any], file: Path) -> "Import":
    """The import, with all parts of the file, in the queue. Raises Usage."""
    from app import ids
    from app.services import bulk_import

    size = door.settings.import_part_bytes
    try:
        with file.open("rb") as stream:
            row, _ = door.write(actor, bulk_import.start, asked)
            with _progress("Reading", file.stat().st_size) as tell:
                for number, data in enumerate(iter(lambda: stream.read(size), b""), 1):
                    door.write(actor, bulk_import.put_part, row.id, number, data)
                    tell(min(number * size, file.stat().st_size))
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise Usage(msg) from None
    # a worker takes over if this process dies
    door.write(actor, bulk_import.run, ids.encode("Import", row.id), delay_s=60)
    return row


def _worked_off(door: "Door", actor: "Actor", row: "Import") -> "Import":
    """The import, come to its end."""
    from app.services import bulk_import, bulk_step

    with _progress("Importing", row.bytes_total or 1) as tell:
        while True:
            bulk_step.work(door, actor.tenant_id, row.id, budget_s=0.5)
            found = door.read(actor, bulk_step.get, row.id)
            assert found is not None  # noqa: S101 - it was begun above
            tell(found.position, found.bytes_total)
            if found.state in bulk_import.ENDED:
                return found


def export(  # noqa: PLR0913 - an option each
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    workspace: Workspace,
    type: Type,
    source: Source = "default",
    format: Format = None,
    field: Annotated[list[str] | None, typer.Option(help="Only these fields.")] = None,
) -> None:
    """Export the records of a source to a file, as of one moment."""
    tenant_id = _workspace(workspace)
    with opened(settings_from()) as door:
        from app.actor import ORDINARY, Actor
        from app.services import bulk_export

        actor = Actor(tenant_id, "command line", ORDINARY, source)
        _known(door, actor)
        asked = {"type": _type(type), "format": _format(file, format), "fields": field or None}
        row, _ = door.write(actor, bulk_export.start, asked, None)
        total = door.read(actor, bulk_export.count, row.id)
        with _progress("Exporting", total) as tell:
            _write(file, bulk_export.download(door, actor, row), tell)
        done = door.read(actor, bulk_export.get, row.id)
    typer.echo(f"{done.rows or 0:,} records exported.")


def _write(file: Path, pieces: Iterator[bytes], tell: Callable[..., None]) -> None:
    """Write the file under its name once it is whole. Raises Usage."""
    part, lines = file.with_name(file.name + ".part"), 0
    try:
        with part.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
                lines += piece.count(b"\n")
                tell(lines)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        msg = f"{file} cannot be written: {error.strerror}."
        raise Usage(msg) from None


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[..., None]]:
    """Tells how far it has come: a bar on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        with typer.progressbar(length=max(total, 1), label=what, file=sys.stderr) as bar:

            def advance(done: int, of: int = total) -> None:
                bar.length = max(of, 1)
                bar.update(max(0, min(done, bar.length) - bar.pos))

            yield advance
        return
    said = time.monotonic()

    def say(done: int, of: int = total) -> None:
        nonlocal said
        if time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            typer.echo(f"{what}: {100 * done // max(of, 1)} %", err=True)

    yield say


def _workspace(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        msg = f"{text!r} is not the id of a workspace."
        raise Usage(msg) from None


def _known(door: "Door", actor: "Actor") -> None:
    """Refuse a workspace that is not there. Raises Usage."""
    from app.models.workspace import Workspace

    with door.snapshot(actor) as uow:
        if uow.session.get(Workspace, (actor.tenant_id, actor.tenant_id)) is None:
            msg = f"There is no workspace {actor.tenant_id}."
            raise Usage(msg)


def _type(text: str) -> Any:  # noqa: ANN401 - imported late
    from app.models.bulk_import import BulkType

    try:
        return BulkType(text.upper().replace("-", "_"))
    except ValueError:
        msg = f"There is no type {text!r}; there are {', '.join(one.lower() for one in BulkType)}."
        raise Usage(msg) from None


def _format(file: Path, given: str | None) -> Any:  # noqa: ANN401 - imported late
    from app.models.bulk_import import BulkFormat

    name = (given or {".ndjson": "jsonl", ".tsv": "csv"}.get(file.suffix.lower(), file.suffix[1:])).upper()
    try:
        return BulkFormat(name)
    except ValueError:
        msg = f"Say by --format whether {file.name} is jsonl or csv."
        raise Usage(msg) from None


def _mapping(text: str | None) -> dict[str, Any] | None:
    """The mapping as the API takes it: by name, or what a file holds. Raises Usage."""
    if text is None or not text.endswith(".json"):
        return None if text is None else {"name": text}
    try:
        return {"inline": json.loads(Path(text).read_text(encoding="utf-8"))}
    except (OSError, ValueError) as error:
        msg = f"{text} holds no mapping: {error}"
        raise Usage(msg) from None
