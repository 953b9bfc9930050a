"""How a company is set up, as documents: what of staff, surveys, segments and others is told otherwise than stored."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app import ids
from app.kpis.dimension import Dimension
from app.models.base import FOREVER
from app.models.business_calendar import BusinessCalendar
from app.models.custom_kpi import CustomKpi
from app.models.customer import Customer
from app.models.segment import Segment
from app.models.staff import Staff
from app.models.survey import Survey
from app.models.target import Target
from app.models.team import Team
from app.services import question, team
from app.services.bulk_name import Names
from app.services.refusal import camel
from app.uow import Uow

Documents = dict[UUID, dict[str, Any]]
"""Parts of documents, by the ids of their records."""


def staff(uow: Uow, rows: Sequence[Staff], names: Names) -> Documents:
    """Their times in teams."""
    known = team.stays(uow, [row.id for row in rows])
    names.look_up({Team: {stay.team_id for some in known.values() for stay in some}})
    return {id_: {"teams": [_stay(stay, names) for stay in some] or None} for id_, some in known.items()}


def _stay(stay: team.Stay, names: Names) -> dict[str, Any]:
    told = {
        "team": names.others.get((Team, stay.team_id)),
        "from": None if stay.start == date.min else stay.start.isoformat(),
        "before": None if stay.end == FOREVER else stay.end.isoformat(),
    }
    return spelt(told)  # type: ignore[no-any-return]  # as it came


def surveys(uow: Uow, rows: Sequence[Survey], _names: Names) -> Documents:
    """Their questions, those of now and those before."""
    found: Documents = {}
    for id_, some in question.editions(uow, [row.id for row in rows]).items():
        editions = [spelt(edition.questions) for edition in some]
        found[id_] = {
            "questions": editions[-1] if editions else None,
            "earlierEditions": [{"questions": one} for one in editions[:-1]] or None,
        }
    return found


def calendars(_uow: Uow, rows: Sequence[BusinessCalendar], _names: Names) -> Documents:
    """Their versions."""
    return {row.id: {"versions": spelt(row.versions)} for row in rows}


def segments(_uow: Uow, rows: Sequence[Segment], _names: Names) -> Documents:
    """Their rules, and from when these were first applied."""
    return {
        row.id: {
            "rule": spelt(row.rule),
            "membersFrom": row.starts_on.isoformat() if row.starts_on else None,
        }
        for row in rows
    }


def kpis(_uow: Uow, rows: Sequence[CustomKpi], _names: Names) -> Documents:
    """Their names and explanations in both languages."""
    return {
        row.id: {
            "name": {"en": row.name_en, "zh": row.name_zh},
            "about": {"en": row.about_en, "zh": row.about_zh},
        }
        for row in rows
    }


def targets(_uow: Uow, rows: Sequence[Target], names: Names) -> Documents:
    """To what they are narrowed, and what the KPI was before."""
    names.look_up({Customer: {id_ for row in rows for one in row.scope for id_ in _customers(one).values()}})
    return {
        row.id: {
            "custom": row.custom or None,
            "scope": [_filter(one, names) for one in row.scope] or None,
            "baseline": _baseline(row),
        }
        for row in rows
    }


def _baseline(row: Target) -> dict[str, Any] | None:
    start, end = row.baseline_from, row.baseline_before
    told = {
        "value": row.baseline,
        "from": start.isoformat() if start else None,
        "before": end.isoformat() if end else None,
    }
    return spelt(told) or None


def _customers(kept: Mapping[str, Any]) -> dict[str, UUID]:
    """The customers that a filter names."""
    words = [*(kept["anyOf"] or ()), *kept["noneOf"]] if kept["by"] == Dimension.CUSTOMER.value else []
    return {word: id_ for word in words if (id_ := ids.decode_uuid(word, "Customer"))}


def _filter(kept: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A filter of a scope; customers by what the source calls them, if it does. In the order of what is told."""
    called = {word: name for word, id_ in _customers(kept).items() if isinstance(name := names.customers.get(id_), str)}
    lists = {
        name: sorted(called.get(word, word) for word in some) for name in ("anyOf", "noneOf") if (some := kept[name])
    }
    rest = {name: value for name, value in kept.items() if name not in ("anyOf", "noneOf")}
    return rest | lists


def spelt(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What is stored under the names of columns, by the names of inputs; without what is nothing."""
    if isinstance(value, Mapping):
        return {camel(name): spelt(one) for name, one in value.items() if one is not None}
    return [spelt(one) for one in value] if isinstance(value, list) else value
