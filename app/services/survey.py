"""Surveys: what customers are asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.models.survey import Survey, SurveyOccasion
from app.services import keyed
from app.services.row import Outcome, Ref
from app.uow import Scope, Uow, reads, writes


class SurveyRow(keyed.KeyedRow):
    """A survey as it comes in."""

    occasion: SurveyOccasion | None = None


@writes(Scope.SURVEY_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any]) -> tuple[Survey, Outcome]:
    """The survey after `data`. Raises Invalid."""
    return keyed.upsert(uow, Survey, SurveyRow, data)


@reads(Scope.SURVEY_READ)
def find(uow: Uow, wanted: Ref) -> Survey | None:
    """The survey that `wanted` names, if there is one."""
    return keyed.find(uow, Survey, wanted)


@reads(Scope.SURVEY_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Survey]:
    """The surveys `ids`, those that are here."""
    return keyed.by_ids(uow, Survey, ids)
