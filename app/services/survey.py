"""Surveys: what customers are asked, in editions of which none ever changes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.survey import Survey, SurveyEdition, SurveyOccasion
from app.services import keyed, question
from app.services.listing import Listing
from app.services.row import AS_USUAL, Options, Outcome, Row
from app.text import Text
from app.uow import Uow, writes

MOST_EDITIONS = 1_000
"""Editions that can come in at once before the present one."""
Questions = Annotated[list[question.QuestionRow], Field(max_length=question.MOST)]
LIST = Listing(Survey, Scope.SURVEY_READ, columns={"external_id": "key"})


class SurveyEditionRow(Row):
    """The questions of an edition as they come in."""

    questions: Questions


class SurveyRow(keyed.KeyedRow):
    """A survey as it comes in. `earlier_editions` are those before the `questions` of now, the first one first."""

    occasion: SurveyOccasion | None = None
    questions: Questions | None = None
    earlier_editions: Annotated[list[SurveyEditionRow], Field(max_length=MOST_EDITIONS)] | None = None


@writes(Scope.SURVEY_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Survey, Outcome]:
    """The survey after `data`; questions that differ from the present ones make another edition. Raises Invalid."""
    new: list[list[question.Question]] = []

    def edition(row: SurveyRow, present: Survey | None) -> dict[str, Any]:
        if "questions" not in row.model_fields_set:
            if row.earlier_editions:
                msg = Text("earlierEditions needs the questions of now.", "earlierEditions 需要当前的 questions。")
                raise Invalid(msg, "questions", code=Code.REQUIRED)
            return {}
        wanted = question.checked(row.questions or [])
        known = [one.questions for one in question.editions(uow, [present.id])[present.id]] if present else []
        if row.earlier_editions:
            new.extend(_after(known, [*_earlier(row.earlier_editions), wanted]))
        elif wanted != (known[-1] if known else []):
            new.append(wanted)
        return {"edition": len(known) + len(new)} if new else {}

    survey, outcome = keyed.upsert(uow, Survey, SurveyRow, data, edition, options=options)
    for number, questions in enumerate(new, survey.edition - len(new) + 1):
        uow.session.add(
            SurveyEdition(
                tenant_id=uow.tenant_id,
                survey_id=survey.id,
                number=number,
                questions=questions,
                created_at=uow.now,
            )
        )
    uow.session.flush()
    return survey, outcome


def _earlier(rows: Sequence[SurveyEditionRow]) -> list[list[question.Question]]:
    """The questions of the editions. Raises Invalid with every problem."""
    found, problems = [], []
    for place, row in enumerate(rows):
        try:
            found.append(question.checked(row.questions))
        except Invalid as error:
            problems += [one.under("earlierEditions", str(place)) for one in error.problems]
    if problems:
        raise Invalid(problems)
    return found


def _after(
    known: Sequence[list[question.Question]], told: Sequence[list[question.Question]]
) -> Sequence[list[question.Question]]:
    """The editions of those told that come after those known. Raises Invalid where these are others."""
    for place, (here, there) in enumerate(zip(known, told, strict=False)):
        if here != there:
            path = ("questions",) if place == len(told) - 1 else ("earlierEditions", str(place), "questions")
            msg = Text(
                f"Edition {place + 1} asks something else here, and no edition ever changes; leave earlierEditions out "
                "to make the questions the next edition.",
                f"此处第 {place + 1} 版的问题不同，而版本不可更改；若要将这些问题作为下一版，请省略 earlierEditions。",
            )
            raise Invalid([Problem(Code.CONFLICT, msg, path)])
    return told[len(known) :]
