"""Surveys in the schema."""

from enum import StrEnum
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.models.survey import Survey as Row
from app.models.survey import SurveyOccasion
from app.schema.context import Info
from app.schema.describe import absent, enum, input_, plain, type_
from app.schema.errors import UserError
from app.schema.inputs import FilterInput, StringFilterInput
from app.schema.node import Node, rows_found_by
from app.schema.outcome import Outcome
from app.schema.page import OrderDirection
from app.schema.scalars import Moment
from app.services import survey
from app.services.page import Order

enum(
    SurveyOccasion,
    {
        "RELATIONSHIP": "Now and then, about the relationship as a whole.",
        "TRANSACTIONAL": "After one transaction, about that.",
    },
)


@type_
class Survey(Node):
    """A survey that feedback may answer."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    occasion: SurveyOccasion | None = plain("When it asks.")
    is_stub: bool = plain("Whether it was only named by a record so far.")
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed.")
    version: int = plain("Rises with each change.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("Survey", row.id)),
            external_id=row.key,
            name=row.name,
            occasion=row.occasion,
            is_stub=row.is_stub,
            created_at=Moment(row.created_at),
            updated_at=Moment(row.updated_at),
            version=row.version,
        )


async def related(info: Info, id_: UUID | None) -> Survey | None:
    """The survey that another row refers to."""
    row = await info.context.load(survey.by_ids, id_) if id_ else None
    return Survey.of(row) if row else None


rows_found_by("Survey", survey.by_ids, lambda _context, row: Survey.of(row))


@input_
class SurveyUpsertInput:
    """A survey; absent keeps, null clears."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    occasion: SurveyOccasion | None = absent("When it asks.")


@type_
class SurveyUpsertPayload:
    """What became of the survey."""

    survey: Survey | None = plain("The survey as it stands now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")


@input_
class SurveyFilterInput:
    """Which surveys are meant; all conditions must hold."""

    key: StringFilterInput | None = absent("The key.", name="externalId")
    name: StringFilterInput | None = absent("The name.")
    occasion: FilterInput[SurveyOccasion] | None = absent("When it asks.")
    and_: "list[SurveyFilterInput] | None" = absent("All of these hold.", name="and")
    or_: "list[SurveyFilterInput] | None" = absent("One of these holds.", name="or")
    not_: "SurveyFilterInput | None" = absent("This does not hold.", name="not")


class SurveyOrderField(StrEnum):
    """What surveys can be ordered by."""

    EXTERNAL_ID = "EXTERNAL_ID"


enum(SurveyOrderField, {"EXTERNAL_ID": "By their key."})
COLUMNS = {SurveyOrderField.EXTERNAL_ID: "key"}
DEFAULT = Order("key")


@input_
class SurveyOrderInput:
    """One step of an order."""

    field: SurveyOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.ASC)
