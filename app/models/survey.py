"""Surveys: what customers are asked, in versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from app.models.base import Document, Owned, choice, instant, ordered, refers, typed, unique
from app.models.keyed import Keyed


class SurveyOccasion(StrEnum):
    """When a survey asks: about the relationship as a whole, or about one transaction."""

    RELATIONSHIP = "RELATIONSHIP"
    TRANSACTIONAL = "TRANSACTIONAL"


class Survey(Keyed, table=True):
    """A survey that feedback may answer; `edition` is the number of its present version, 0 without questions."""

    __table_args__ = (
        unique("survey", "key"),
        ordered("survey", "key"),
        ordered("survey", "name"),
    )

    occasion: SurveyOccasion | None = choice(SurveyOccasion, default=None)
    edition: int = 0


class SurveyEdition(Owned, table=True):
    """The questions of a survey as they were at a time: key, kind, texts by language, scale and threshold.

    Never changed: other questions make another edition.
    """

    __tablename__ = "survey_edition"
    __table_args__ = (
        unique("survey_edition", "survey_id", "number"),
        refers("survey_id", "survey"),
        Index("ix_survey_edition_survey", "tenant_id", "survey_id", "number"),
    )

    survey_id: UUID
    number: int
    questions: list[dict[str, Any]] = typed(Document, default_factory=list)
    created_at: datetime = instant()
