"""Surveys: what customers are asked."""

from enum import StrEnum

from app.models.base import choice, unique
from app.models.keyed import Keyed


class SurveyOccasion(StrEnum):
    """When a survey asks: about the relationship as a whole, or about one transaction."""

    RELATIONSHIP = "RELATIONSHIP"
    TRANSACTIONAL = "TRANSACTIONAL"


class Survey(Keyed, table=True):
    """A survey that feedback may answer."""

    __table_args__ = (unique("survey", "key"),)

    occasion: SurveyOccasion | None = choice(SurveyOccasion, default=None)
