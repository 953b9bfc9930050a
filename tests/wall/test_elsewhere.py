"""To somebody elsewhere another workspace's rows are not found, never forbidden, and never touched."""

from datetime import date

import pytest

from app import ids
from app.actor import system
from app.errors import Code, Invalid
from app.kpis.dimension import Dimension
from app.models.channel import Channel
from app.models.customer import Customer
from app.models.feedback import Feedback, FeedbackKind
from app.models.segment import Segment
from app.models.staff import Staff
from app.models.survey import Survey
from app.models.target import Target
from app.models.team import Team
from app.services import channel, customer, feedback, kpi, segment, staff, survey, target, team
from app.services.period import Span
from app.services.row import Options, Outcome, Ref
from app.services.slices import Filter

pytestmark = pytest.mark.engine

NOUNS = {
    "channel": (channel, Channel),
    "customer": (customer, Customer),
    "feedback": (feedback, Feedback),
    "segment": (segment, Segment),
    "staff": (staff, Staff),
    "survey": (survey, Survey),
    "target": (target, Target),
    "team": (team, Team),
}


@pytest.fixture(autouse=True)
def _nothing_changes(two):
    """No test here may change anything."""
    before = two.everything()
    yield
    assert two.everything() == before


def foreign(two, model):
    """The global id of a row there."""
    return ids.encode(model.__name__, two.row(model, two.there).id)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_row_of_another_workspace_is_not_found_by_id(two, noun):
    service, model = NOUNS[noun]
    there, here = two.row(model, two.there).id, two.row(model, two.here).id
    actor = system(two.here)
    assert set(two.door.read(actor, service.LIST.by_ids, [there, here])) == {here}
    assert two.door.read(actor, service.LIST.find, Ref(id=foreign(two, model))) is None
    merged = noun == "customer"  # one is part of another
    assert two.door.read(actor, service.LIST.count, None) == two.count(model.__table__, two.here) - merged


@pytest.mark.parametrize(
    ("name", "model"), [("customer", Customer), ("channel", Channel), ("staff", Staff), ("survey", Survey)]
)
@pytest.mark.parametrize("create", [False, True])
def test_a_feedback_cannot_refer_to_another_workspaces_row(two, name, model, create):
    row = {"external_id": "f9", "kind": FeedbackKind.CSAT, "score": 5, "occurred_at": date(2026, 6, 1)}
    row[name] = Ref(id=foreign(two, model))
    (result,) = two.door.write(system(two.here), feedback.record_batch, [row], Options(create_missing=create))
    assert result.outcome is Outcome.REJECTED
    assert [(problem.code, problem.path) for problem in result.problems] == [(Code.NOT_FOUND, (name,))]


@pytest.mark.parametrize(("name", "model"), [("parent", Customer), ("acquisition_channel", Channel)])
def test_a_customer_cannot_refer_to_another_workspaces_row(two, name, model):
    row = {"external_id": "c9", name: Ref(id=foreign(two, model))}
    (result,) = two.door.write(system(two.here), customer.upsert_batch, [row], Options())
    assert result.outcome is Outcome.REJECTED
    assert {problem.code for problem in result.problems} == {Code.NOT_FOUND}


def test_a_channel_cannot_stand_below_another_workspaces_one(two):
    row = {"external_id": "x", "name": "X", "parent": Ref(id=foreign(two, Channel))}
    with pytest.raises(Invalid) as refused:
        two.door.write(system(two.here), channel.upsert, row)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [(Code.NOT_FOUND, ("parent",))]


def test_nobody_can_belong_to_another_workspaces_team(two):
    row = {"external_id": "ann", "name": "Ann", "teams": [{"team": Ref(id=foreign(two, Team))}]}
    with pytest.raises(Invalid) as refused:
        two.door.write(system(two.here), staff.upsert, row)
    path = ("teams", "0", "team")
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [(Code.NOT_FOUND, path)]


def test_another_workspaces_target_cannot_be_deleted(two):
    with pytest.raises(Invalid) as refused:
        two.door.write(system(two.here), target.delete, Ref(id=foreign(two, Target)))
    assert [problem.code for problem in refused.value.problems] == [Code.NOT_FOUND]


def test_a_kpi_cannot_be_filtered_by_another_workspaces_customer(two):
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    filters = (Filter(Dimension.CUSTOMER, (foreign(two, Customer),)),)
    (answer,) = two.door.read(system(two.here), kpi.answer, [kpi.Question("FEEDBACK_COUNT", june, None, filters)])
    assert answer.figure.value == 0
    (all_,) = two.door.read(system(two.here), kpi.answer, [kpi.Question("FEEDBACK_COUNT", june)])
    assert all_.figure.value == 2
