"""Surveys: what customers are asked, in editions of which none ever changes."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from app.actor import Scope
from app.models.survey import Survey, SurveyEdition, SurveyOccasion
from app.services import keyed, question
from app.services.listing import Listing
from app.services.row import AS_USUAL, Options, Outcome
from app.uow import Uow, writes

LIST = Listing(Survey, Scope.SURVEY_READ, columns={"external_id": "key"})


class SurveyRow(keyed.KeyedRow):
    """A survey as it comes in."""

    occasion: SurveyOccasion | None = None
    questions: Annotated[list[question.QuestionRow], Field(max_length=question.MOST)] | None = None


@writes(Scope.SURVEY_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Survey, Outcome]:
    """The survey after `data`; questions that differ from the present ones make another edition. Raises Invalid."""
    asked: list[list[question.Question]] = []

    def edition(row: SurveyRow, present: Survey | None) -> dict[str, Any]:
        if "questions" not in row.model_fields_set:
            return {}
        wanted = question.checked(row.questions or [])
        if wanted == (question.of(uow, present.id, present.edition) if present else []):
            return {}
        asked.append(wanted)
        return {"edition": (present.edition if present else 0) + 1}

    survey, outcome = keyed.upsert(uow, Survey, SurveyRow, data, edition, options=options)
    for questions in asked:
        uow.session.add(
            SurveyEdition(
                tenant_id=uow.tenant_id,
                survey_id=survey.id,
                number=survey.edition,
                questions=questions,
                created_at=uow.now,
            )
        )
    uow.session.flush()
    return survey, outcome
