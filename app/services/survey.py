"""Surveys: what customers are asked."""

from collections.abc import Mapping
from typing import Any

from app.models.survey import Survey, SurveyOccasion
from app.services import keyed
from app.services.listing import Listing
from app.services.row import Outcome
from app.uow import Scope, Uow, writes

LIST = Listing(Survey, Scope.SURVEY_READ, columns={"external_id": "key"})


class SurveyRow(keyed.KeyedRow):
    """A survey as it comes in."""

    occasion: SurveyOccasion | None = None


@writes(Scope.SURVEY_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any]) -> tuple[Survey, Outcome]:
    """The survey after `data`. Raises Invalid."""
    return keyed.upsert(uow, Survey, SurveyRow, data)
