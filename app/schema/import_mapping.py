"""Mappings in the schema, and what an import would make of a file."""

from typing import Annotated, Any

import strawberry

from app import ids
from app.errors import Invalid
from app.models.bulk_import import BulkType
from app.schema.bulk_import_input import CODES, ImportPreviewInput
from app.schema.context import Info
from app.schema.describe import arg, field, plain, type_
from app.schema.errors import UserError, user_errors
from app.schema.inputs import unwrapped
from app.schema.scalars import Json
from app.schema.weight import sized, weighs
from app.schema.writing import WEIGHT
from app.services import bulk_mapping, bulk_preview
from app.services.bulk_mapping import Plan
from app.services.row import check_readable
from app.text import Text


@type_
class ImportMapping:
    """Which column of a file is which field, as a system exports it; to be used by name, or copied and changed."""

    id: strawberry.ID = plain("Names it, for clients' caches.")
    name: str = plain("By which imports ask for it.")
    system: str = plain("The system that exports such files.")
    type: BulkType = plain("Of what the files hold records.")
    document: Json = plain("The mapping itself, in the shape that an inline one has.")
    text: strawberry.Private[Text]

    @field
    async def title(self, info: Info) -> str:
        """What it is called, in the reader's language."""
        return self.text.in_(info.context.locale)


@type_
class ImportPreviewColumn:
    """A column of the file."""

    name: str = plain("Its heading.")
    fields: list[str] = plain("The fields that it fills; none where it is left unmapped.")
    suggestion: str | None = plain("The field that an unmapped one was most likely meant for.")


@type_
class ImportPreviewRow:
    """A row of the file."""

    line: int = plain("The number of its first line in the file.")
    document: Json = plain("The record that it stands for, as in the input of the API.")
    user_errors: list[UserError] = plain("What is wrong with it; what it names is looked for when it is written only.")


@type_
class ImportPreview:
    """What an import would make of a file."""

    encoding: str | None = plain("The encoding that was recognised.")
    delimiter: str | None = plain("What stands between its cells.")
    columns: list[ImportPreviewColumn] = plain("Its columns.")
    missing_fields: list[str] = plain("The fields of the mapping for which the file has no column.")
    rows: list[ImportPreviewRow] = plain("Its first rows; at most 20.")
    user_errors: list[UserError] = plain("What stops the import as a whole.")


def _mapping(plan: Plan) -> ImportMapping:
    assert plan.title is not None  # noqa: S101 - each that comes with the product has one
    return ImportMapping(
        id=strawberry.ID(ids.encode("ImportMapping", plan.name)),
        name=plan.name,
        system=plan.system,
        type=plan.type,
        document=plan.model_dump(mode="json", by_alias=True, exclude_defaults=True),  # type: ignore[arg-type]  # JSON
        text=Text(plan.title.en, plan.title.zh),
    )


class ImportMappingRoots:
    """What helps with imports."""

    @field
    @sized(40)
    async def import_mappings(
        self, type: Annotated[BulkType | None, arg("Only those of this type.")] = None
    ) -> list[ImportMapping]:
        """The mappings that come with the product."""
        return [_mapping(plan) for plan in bulk_mapping.known().values() if type in (None, plan.type)]

    @field
    @weighs(WEIGHT)
    async def import_preview(
        self, info: Info, input: Annotated[ImportPreviewInput, arg("What to look at.")]
    ) -> ImportPreview | None:
        """What an import would make of the first lines of a file; nothing is stored."""
        try:
            data: dict[str, Any] = unwrapped(input)
            check_readable({**data, "text": None})
            if data.get("encoding"):
                data["encoding"] = CODES[data["encoding"]]
            found = await info.context.run(bulk_preview.preview, data)
        except Invalid as error:
            found = bulk_preview.Preview(problems=error.problems)
        return ImportPreview(
            encoding=found.encoding,
            delimiter=found.delimiter,
            columns=[
                ImportPreviewColumn(name=c.name, fields=list(c.fields), suggestion=c.suggestion) for c in found.columns
            ],
            missing_fields=list(found.missing),
            rows=[_row(one) for one in found.rows],
            user_errors=user_errors(found.problems),
        )


def _row(one: bulk_preview.Sample) -> ImportPreviewRow:
    document = bulk_preview.shown(one.document)
    return ImportPreviewRow(line=one.line, document=document, user_errors=user_errors(one.problems))
