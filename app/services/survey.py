"""Surveys: what customers are asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.models.survey import Survey, SurveyOccasion
from app.services import keyed
from app.services import page as pages
from app.services.filter import Tree, resolved, where
from app.services.page import Order, Page, Slice
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


@reads(Scope.SURVEY_READ)
def page(uow: Uow, part: Slice, filter_: Tree | None, order: Sequence[Order]) -> Page[Survey]:
    """A part of the list of surveys. Raises Invalid."""
    return pages.page(uow, Survey, _where(uow, filter_), order, part)


@reads(Scope.SURVEY_READ)
def count(uow: Uow, filter_: Tree | None) -> int:
    """How many surveys meet the filter."""
    return pages.count(uow, Survey, _where(uow, filter_))


def _where(uow: Uow, filter_: Tree | None) -> list[ColumnElement[bool]]:
    return [*where(uow, Survey, resolved(filter_, {}))]
