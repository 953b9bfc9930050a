"""How imports are begun."""

from enum import StrEnum

import strawberry

from app.models.bulk_import import BulkFormat, BulkType, ImportState
from app.schema import inputs  # noqa: F401 - it gives the policies their names in the schema
from app.schema.describe import absent, enum, input_, one_of, plain
from app.schema.scalars import Json
from app.services.bulk_encoding import GB18030, UTF_8, UTF_16_BE, UTF_16_LE, WINDOWS_1252
from app.services.row import ErrorPolicy

_ABOUT = {
    "STAFF": "Staff, each with their times in teams.",
    "SURVEYS": "Surveys, with all their editions. Undone, changed questions are followed by an edition that asks what "
    "was asked before.",
    "KPI_DEFINITIONS": "KPIs of the workspace's own.",
    "SEGMENTS": "Segments: their rules, not their members. A file changes no segment's kind. Undone, the rule is as "
    "before; who belonged meanwhile did.",
    "SEGMENT_MEMBERS": "Who belonged to which segment from when until when, a time to a row. Of a segment with a rule "
    "it is how it was; the rule has its say when it is next applied.",
    "TARGETS": "Targets, with their baselines. An import needs the scope kpi:read too.",
}
enum(BulkType, {one.value: _ABOUT.get(one.value, f"{one.value.replace('_', ' ').capitalize()}.") for one in BulkType})
enum(BulkFormat, {"JSONL": "One JSON object a line.", "CSV": "A table, whose first line names the columns."})
enum(
    ImportState,
    {
        "RECEIVING": "It waits for the parts of its file.",
        "QUEUED": "Its file is there; it waits for a worker.",
        "CHECKING": "Its rows are checked; nothing is written yet.",
        "RUNNING": "Its rows are written.",
        "DONE": "All rows have been dealt with.",
        "FAILED": "It could not go on; `problems` say why.",
        "CANCELLED": "Somebody stopped it; what it had written stays.",
        "UNDOING": "What it wrote is being taken back.",
        "UNDONE": "What it wrote has been taken back, but for `keptCount` records.",
    },
)


class ImportEncoding(StrEnum):
    """An encoding of text."""

    UTF_8 = "UTF_8"
    UTF_16_LE = "UTF_16_LE"
    UTF_16_BE = "UTF_16_BE"
    GB18030 = "GB18030"
    WINDOWS_1252 = "WINDOWS_1252"


CODES = {
    ImportEncoding.UTF_8: UTF_8,
    ImportEncoding.UTF_16_LE: UTF_16_LE,
    ImportEncoding.UTF_16_BE: UTF_16_BE,
    ImportEncoding.GB18030: GB18030,
    ImportEncoding.WINDOWS_1252: WINDOWS_1252,
}
enum(
    ImportEncoding,
    {
        "UTF_8": "UTF-8.",
        "UTF_16_LE": "UTF-16, the low byte first.",
        "UTF_16_BE": "UTF-16, the high byte first.",
        "GB18030": "GB 18030, with GBK and GB 2312 in it.",
        "WINDOWS_1252": "Windows-1252, with Latin-1 in it; never recognised by itself.",
    },
)


@one_of
class ImportMappingInput:
    """Which column is which field: by a mapping that comes with the product, or one of the caller's own."""

    name: str | None = absent("One of `importMappings`.")
    inline: Json | None = absent("A mapping of the same shape as their `document`.")


@input_
class ImportStartInput:
    """What to import."""

    type: BulkType = plain("Of what the file holds records.")
    format: BulkFormat = plain("How it is written.")
    mapping: ImportMappingInput | None = absent(
        "Which column is which field; without it they are called like the fields."
    )
    error_policy: ErrorPolicy = plain(
        "What becomes of the others when a row is wrong; with REJECT_ALL all rows are checked before any is written.",
        default=ErrorPolicy.REJECT_FAILED_ROWS,
    )
    create_missing: bool = plain("Whether records that are named and not known are made as stubs.", default=False)
    dry_run: bool = plain("Whether to check the rows and store nothing.", default=False)
    file: str | None = absent("A file in the workspace's folder on the server, instead of parts that are sent.")
    encoding: ImportEncoding | None = absent("The encoding, where it should not be recognised.")
    delimiter: str | None = absent("What stands between cells, where it should not be recognised.")
    idempotency_key: str | None = absent("The same key and input give the same import.")


@input_
class ImportRunInput:
    """Which import to run."""

    id: strawberry.ID = plain("The import.")
    parts: int | None = absent("How many parts its file has; by default up to the last that has come, without a gap.")


@input_
class ImportCancelInput:
    """Which import to stop."""

    id: strawberry.ID = plain("The import.")


@input_
class ImportUndoInput:
    """Which import to undo."""

    id: strawberry.ID = plain("The import.")


@input_
class ImportPreviewInput:
    """What to look at before an import."""

    type: BulkType = plain("Of what the file holds records.")
    format: BulkFormat = plain("How it is written.")
    mapping: ImportMappingInput | None = absent(
        "Which column is which field; without it they are called like the fields."
    )
    import_: strawberry.ID | None = absent("The import whose first part to look at.", name="import")
    text: str | None = absent("The first lines of the file instead; at most 100,000 characters.")
    encoding: ImportEncoding | None = absent("The encoding, where it should not be recognised.")
    delimiter: str | None = absent("What stands between cells, where it should not be recognised.")


@one_of
class ImportRefInput:
    """An import, by id."""

    id: strawberry.ID | None = absent("By global id.")
