"""Surveys: what customers are asked."""

from enum import StrEnum

from app.models.base import choice, ordered, unique
from app.models.keyed import Keyed


class SurveyOccasion(StrEnum):
    """When a survey asks: about the relationship as a whole, or about one transaction."""

    RELATIONSHIP = "RELATIONSHIP"
    TRANSACTIONAL = "TRANSACTIONAL"


class Survey(Keyed, table=True):
    """A survey that feedback may answer."""

    __table_args__ = (
        unique("survey", "key"),
        ordered("survey", "key"),
        ordered("survey", "name"),
    )

    occasion: SurveyOccasion | None = choice(SurveyOccasion, default=None)
