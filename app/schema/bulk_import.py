"""Imports in the schema."""

from collections.abc import Callable
from typing import Annotated, Any, Self

import strawberry

from app import ids
from app.models.bulk_import import BulkFormat, BulkType, ImportRejection, ImportState
from app.models.bulk_import import Import as Row
from app.schema.attempt import attempt
from app.schema.bulk_import_input import (
    CODES,
    ImportCancelInput,
    ImportRefInput,
    ImportRunInput,
    ImportStartInput,
    ImportUndoInput,
)
from app.schema.context import Info
from app.schema.describe import arg, field, plain, type_
from app.schema.errors import UserError, mend, user_errors
from app.schema.inputs import unwrapped
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.outcome import Outcome, RowCounts
from app.schema.scalars import Moment
from app.schema.weight import sized
from app.services import bulk_import, bulk_report
from app.services.bulk_import import problem_of
from app.services.row import ErrorPolicy, Options


@type_
class ImportRejectedRow:
    """A row of the file that was not accepted."""

    id: strawberry.ID = plain("Names the row, for clients' caches.")
    line: int = plain("The number of its first line in the file.")
    columns: list[str] = plain("The columns in which something is wrong.")
    user_errors: list[UserError] = plain("What is wrong with it.")

    @classmethod
    def of(cls, row: ImportRejection) -> Self:
        """The row as the schema shows it."""
        columns = dict.fromkeys(column for *_, column in row.problems if column)
        return cls(
            id=strawberry.ID(ids.encode("ImportRejectedRow", row.id)),
            line=row.line,
            columns=list(columns),
            user_errors=user_errors(map(problem_of, row.problems)),
        )


@type_
class Import(Node):
    """A file that is read into the records of a noun."""

    type: BulkType = plain("Of what it holds records.")
    format: BulkFormat = plain("How it is written.")
    state: ImportState = plain("How far the import has come.")
    source: str = plain("The source that the records are of.")
    started_by: str = plain("The token that began it.")
    mapping: str | None = plain("The name of its mapping.")
    error_policy: ErrorPolicy = plain("What becomes of the others when a row is wrong.")
    create_missing: bool = plain("Whether records that are named and not known are made as stubs.")
    dry_run: bool = plain("Whether its rows are only checked.")
    file: str | None = plain("The file on the server, where it is read from there.")
    encoding: str | None = plain("The encoding that was recognised, or asked for.")
    delimiter: str | None = plain("What stands between its cells.")
    bytes_total: float = plain("How large the file is.")
    bytes_read: float = plain("How much of it has been dealt with.")
    rows_read: float = plain("How many rows have been dealt with.")
    undone_count: float = plain("How many records have been taken back.")
    kept_count: float = plain("How many records stay because they cannot be taken back.")
    created_at: Moment = plain("When it was begun.")
    started_at: Moment | None = plain("When its file was there.")
    finished_at: Moment | None = plain("When it came to its end.")
    updated_at: Moment = plain("When it last came further.")
    part_path: str = plain("Where to PUT the parts of its file, before the number of the part.")
    report_path: str = plain("Where to GET the rejected rows, to be mended and sent again.")
    row: strawberry.Private[Row]

    @field
    async def counts(self) -> RowCounts:
        """What became of its rows so far; of a check, what would become of them."""
        row = self.row
        counted = {name: getattr(row, name) for name in ("created", "updated", "unchanged", "stale", "rejected")}
        return RowCounts(deleted=0, **counted)

    @field
    async def problems(self) -> list[UserError]:
        """Why it failed."""
        return user_errors(map(problem_of, self.row.problems))

    @field
    @sized(20, by=("first",))
    async def rejected_rows(
        self, info: Info, first: Annotated[int, arg("How many; at most 100, the report has all.")] = 20
    ) -> list[ImportRejectedRow]:
        """The first rows that were not accepted, in the order of the file."""
        rows = await info.context.load(bulk_report.rejections, self.row.id) or []
        return [ImportRejectedRow.of(row) for row in rows[: max(first, 0)]]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        id_ = ids.encode("Import", row.id)
        return node_of(
            cls,
            row,
            error_policy=ErrorPolicy(row.options["policy"]),
            create_missing=row.options["create_missing"],
            dry_run=row.options["dry_run"],
            bytes_read=row.position,
            undone_count=row.undone,
            kept_count=row.kept,
            part_path=f"/imports/{id_}/parts/",
            report_path=f"/imports/{id_}/report",
        )


IMPORT = Noun(
    Import,
    bulk_import.LIST,
    one="import",
    many="imports",
    words=("an import", "imports"),
    by=ImportRefInput,
    filters=("type", "state", "source", "started_by", "created_at"),
    orders=("-created_at",),
)


@type_
class ImportPayload:
    """What became of an import."""

    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was done then.")
    import_: Import | None = plain("The import as of now.", name="import")


async def _done(info: Info, service: Callable[..., Any], input: Any, **more: Options) -> ImportPayload:  # noqa: ANN401 - any of the inputs
    """What became of the import that the input names or describes."""
    data = unwrapped(input)
    if data.get("encoding"):
        data["encoding"] = CODES[data["encoding"]]
    given = (data.pop("id"), *data.values()) if "id" in data else (data,)
    row, outcome = await info.context.run(service, *given, **more)
    return ImportPayload(outcome=outcome, import_=row and IMPORT.shown(info.context, row))


class ImportRoots:
    """What can be done to imports."""

    @attempt("What to import.")
    async def import_start(self, info: Info, input: ImportStartInput) -> ImportPayload:
        """Begin an import; then PUT the parts of the file to its `partPath` and call `importRun`."""
        return await _done(info, bulk_import.start, input)

    @attempt("Which one.")
    async def import_run(self, info: Info, input: ImportRunInput, once: Options) -> ImportPayload:
        """Run an import, all parts of whose file have come."""
        return await _done(info, bulk_import.run, input, options=once)

    @attempt("Which one.")
    async def import_cancel(self, info: Info, input: ImportCancelInput, once: Options) -> ImportPayload:
        """Stop an import; what it has written stays, and can be undone."""
        return await _done(info, bulk_import.cancel, input, options=once)

    @attempt("Which one.")
    async def import_undo(self, info: Info, input: ImportUndoInput, once: Options) -> ImportPayload:
        """Undo an import: what it made goes, what it changed is as before, unless somebody has changed it since."""
        return await _done(info, bulk_import.undo, input, options=once)
