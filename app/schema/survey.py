"""Surveys in the schema."""

from typing import Self
from uuid import UUID

import strawberry

from app.models.survey import Survey as Row
from app.models.survey import SurveyOccasion
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.inputs import SurveyRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.period import LocaleArgument
from app.schema.question import SurveyEdition, SurveyQuestion, SurveyQuestionInput, editions, shown
from app.schema.scalars import Moment
from app.schema.weight import FEW, sized
from app.schema.writing import Upsert
from app.services import question, survey

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
    occasion: SurveyOccasion | None = plain(
        "When it asks. Feedback keeps what this was when it was recorded, if anything, whatever it is later."
    )
    is_stub: bool = plain("Whether it was only named by a record so far.")
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed.")
    edition: int = plain("The number of its present edition, which rises with its questions; 0 without any.")
    version: int = plain("Rises with each change.")
    row_id: strawberry.Private[UUID]

    @field
    @sized(FEW)
    async def questions(self, info: Info, locale: LocaleArgument = None) -> list[SurveyQuestion]:
        """What it asks now, in order."""
        edition = await info.context.load(question.present, self.row_id)
        return shown(edition, locale or info.context.locale)

    @field
    @sized(FEW)
    async def editions(self, info: Info) -> list[SurveyEdition]:
        """What it has asked, the first edition first."""
        return editions(await info.context.load(question.editions, self.row_id) or [])

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            external_id=row.key,
            row_id=row.id,
        )


@input_
class SurveyEditionInput:
    """An edition of a survey."""

    questions: list[SurveyQuestionInput] = plain("What it asked, at most 100.")


@input_
class SurveyUpsertInput:
    """A survey; absent keeps, null clears."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    occasion: SurveyOccasion | None = absent(
        "When it asks. Feedback that is recorded already keeps what this was at that time."
    )
    questions: list[SurveyQuestionInput] | None = absent(
        "What it asks, at most 100; where that differs from what it asks now, it is the next edition."
    )
    earlier_editions: list[SurveyEditionInput] | None = absent(
        "What it asked before these questions, the first edition first, where it moves here; editions that are here "
        "already must ask the same."
    )


SURVEY = Noun(
    Survey,
    survey.LIST,
    one="survey",
    many="surveys",
    words=("a survey", "surveys"),
    by=SurveyRefInput,
    filters=("external_id", "name", "occasion", "is_stub", "created_at"),
    orders=("external_id", "name"),
    writes=(Upsert(survey.upsert, SurveyUpsertInput),),
)
