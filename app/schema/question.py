"""The questions of surveys in the schema: how they come in and how they are shown, in the reader's language."""

from collections.abc import Sequence

import strawberry

from app import ids
from app.models.feedback import FeedbackKind
from app.models.survey import SurveyEdition as Row
from app.schema.context import Info
from app.schema.describe import absent, field, input_, plain, type_
from app.schema.period import LocaleArgument
from app.schema.scalars import Moment
from app.schema.weight import FEW, sized
from app.services.question import Question, worded


@input_
class SurveyTextInput:
    """The words of a question in one language."""

    language: str = plain("The language as a BCP 47 tag, such as en or zh-CN; one text each.")
    text: str = plain("The words; at most 2,000 characters.")


@input_
class SurveyQuestionInput:
    """One question of a survey."""

    key: str = plain("Its key in the survey, by which answers name it.")
    kind: FeedbackKind = plain("What sort of feedback answers it.")
    texts: list[SurveyTextInput] | None = absent("What is asked, by language; at most 50.")
    scale_worst: float | None = absent("The scale's worst end; by default 0 for NPS and 1 for the others.")
    scale_best: float | None = absent("The scale's best end; by default 10 for NPS and 5 for the others.")
    threshold: float | None = absent(
        "The score from which an answer satisfies, of the kinds CSAT and REVIEW; by default 70 % of the way."
    )


@type_
class SurveyText:
    """The words of a question in one language."""

    id: strawberry.ID = plain("Names the text, for clients' caches.")
    language: str = plain("The language as a BCP 47 tag.")
    text: str = plain("The words.")


@type_
class SurveyQuestion:
    """A question of a survey, as one edition asks it."""

    id: strawberry.ID = plain("Names the question and the language of its text, for clients' caches.")
    key: str = plain("Its key in the survey, by which answers name it.")
    kind: FeedbackKind = plain("What sort of feedback answers it.")
    text: str | None = plain("What is asked, in the language that was asked for or what is nearest to it.")
    language: str | None = plain("The language of that text.")
    scale_worst: float = plain("The scale's worst end.")
    scale_best: float = plain("The scale's best end.")
    threshold: float | None = plain("The score from which an answer satisfies, where it is not 70 % of the way.")
    kept: strawberry.Private[Question]

    @field
    @sized(FEW)
    async def texts(self) -> list[SurveyText]:
        """What is asked, in every language that there is."""
        return [SurveyText(id=strawberry.ID(f"{self.id}/{one['language']}"), **one) for one in self.kept["texts"]]


def shown(edition: Row | None, locale: str) -> list[SurveyQuestion]:
    """The questions of an edition, for readers of that language."""
    return [_question(edition, one, locale) for one in edition.questions] if edition else []


def _question(edition: Row, kept: Question, locale: str) -> SurveyQuestion:
    text = worded(kept["texts"], locale)
    language = text["language"] if text else None
    return SurveyQuestion(
        id=strawberry.ID(ids.encode("SurveyQuestion", edition.id, kept["key"], language or "")),
        key=kept["key"],
        kind=FeedbackKind(kept["kind"]),
        text=text["text"] if text else None,
        language=language,
        scale_worst=kept["scale_worst"],
        scale_best=kept["scale_best"],
        threshold=kept["threshold"],
        kept=kept,
    )


@type_
class SurveyEdition:
    """The questions of a survey as they were at a time; it never changes."""

    id: strawberry.ID = plain("Names the edition, for clients' caches.")
    number: int = plain("Its number; the first is 1.")
    created_at: Moment = plain("When it came about.")
    row: strawberry.Private[Row]

    @field
    @sized(FEW)
    async def questions(self, info: Info, locale: LocaleArgument = None) -> list[SurveyQuestion]:
        """What it asks, in order."""
        return shown(self.row, locale or info.context.locale)


def editions(rows: Sequence[Row]) -> list[SurveyEdition]:
    """The rows as the schema shows them."""
    return [
        SurveyEdition(
            id=strawberry.ID(ids.encode("SurveyEdition", row.id)),
            number=row.number,
            created_at=Moment(row.created_at),
            row=row,
        )
        for row in rows
    ]
