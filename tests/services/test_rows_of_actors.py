"""A row-scoped actor's every KPI is that of a workspace in which the rows that they may not see never were."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import scoped_world
from databases import at_ease, copied
from people import TODAY
from scoped_world import SCOPES
from sqlmodel import select

from app.actor import ROLES, Role, Scope
from app.bus import Bus
from app.db import Database
from app.errors import AppError, Forbidden
from app.kpis import CATALOGUE
from app.kpis.dimension import Dimension
from app.models.channel import Channel
from app.services import kpi
from app.services.period import Grain, Span
from app.uow import Door

SPAN = Span(date(2026, 1, 1), date(2026, 6, 1))
DERIVED = {Dimension.LIFECYCLE_STAGE, Dimension.PURCHASE_COHORT, Dimension.ATTRIBUTE}
WORLD = scoped_world.made(size=10)


def limited(people: Any, limit: Any, scopes: frozenset[Scope] = frozenset(Scope)) -> Any:
    """Somebody of a workspace who is limited so."""
    with people.door.snapshot(people.system) as uow:
        known = {row.key: row.id for row in uow.session.scalars(select(Channel))}
    source = "till" if limit[0] == "sources" else "crm"
    return replace(people.actor(scopes, source=source), rows=scoped_world.rows_of(limit, known))


@pytest.fixture(params=SCOPES)
def limit(request):
    return SCOPES[request.param]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request):
    """Settings of a database that the module's tests share: they only read."""
    with copied(request, request.param) as settings:
        yield settings


@pytest.fixture(scope="module")
def door(database):
    door = Door(at_ease(Database(database)), database, Bus(), lambda: TODAY)
    yield door
    door.close()


@pytest.fixture(scope="module")
def made(door):
    """The worlds that there are behind the door, by whom they are limited to."""
    return {}


@pytest.fixture
def both(make_workspace, made, limit):
    """The whole world, and the twin of those who are limited."""
    for seen in (None, limit):
        if seen not in made:
            made[seen] = make_workspace("Twin" if seen else "Whole")
            scoped_world.put(made[seen], WORLD, seen)
    return made[None], made[limit]


def asked() -> list[kpi.Question]:
    found = []
    for one in CATALOGUE.values():
        for variant in one.variants:
            plain = kpi.Question(one.key, SPAN, variant.key)
            found += [plain, replace(plain, grain=Grain.MONTH)]
            found += [replace(plain, by=by) for by in variant.dimensions]
    return found


def told(answer: Any) -> Any:
    """An answer by the keys that callers know, without the ids of customers, which differ."""
    if isinstance(answer, AppError):
        return type(answer).__name__, str(answer)
    named = {key: answer.slices[key].key if key in answer.slices else key for key in answer.figures}
    if answer.question.by is Dimension.CUSTOMER:
        return sorted(repr(row) for row in answer.figures.values())
    return {named[key]: row for key, row in answer.figures.items()}


def ask(people: Any, actor: Any, questions: list[kpi.Question]) -> list[Any]:
    return [told(one) for one in people.read(kpi.answer, questions, by=actor)]


def differing(whole: Any, twin: Any, limit: Any, scopes: frozenset[Scope]) -> tuple[dict, set]:
    """The questions to which the two answer differently, and the KPIs that are refused."""
    questions = asked()
    seen = ask(whole, limited(whole, limit, scopes), questions)
    owned = ask(twin, twin.actor(scopes), questions)
    wrong, refused = {}, set()
    for question, ours, theirs in zip(questions, seen, owned, strict=True):
        name = (question.key, question.variant, question.grain, question.by)
        if isinstance(ours, tuple) and ours[0] == Forbidden.__name__:
            refused.add(question.key if question.by not in DERIVED else (question.by))
        elif ours != theirs:
            wrong[name] = ours, theirs
    return wrong, refused


REFUSED = {
    "CLV": "what customers bought anywhere",
    "LOYALTY_INDEX": "the same",
    "REPEAT_PURCHASE_RATE": "the same",
    "REFERRAL_RATE": "which referral of two people was the first",
    "RESPONSE_RATE": "answers, which may come from anywhere",
    "SURVEY_ANSWER_TIME": "the same",
    "TARGET_ATTAINMENT": "targets, which are set by all rows",
    "CSAT": "accounts, in some variants",
    "NPS": "the same",
}
"""What is refused, and what it rests on."""


NAMES = list(SCOPES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "scopes"),
    [*((name, frozenset(Scope)) for name in NAMES), (NAMES[0], ROLES[Role.VIEWER])],
    ids=[*NAMES, f"{NAMES[0]}, nothing personal"],
    indirect=["limit"],
)
def test_every_kpi_and_breakdown_is_that_of_the_twin_or_refused(both, limit, scopes):
    wrong, refused = differing(*both, limit, scopes)
    assert not wrong, (len(wrong), list(wrong.items())[:3], [*wrong])
    assert {one for one in refused if not isinstance(one, Dimension)} == set(REFUSED)
