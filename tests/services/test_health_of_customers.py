"""What the present says of customers, read from recorded facts: counted by hand, and all of it at once."""

from datetime import UTC, date, datetime, timedelta

import predicting
import pytest
import stored
from trading import put, sold

from app.actor import Scope
from app.models.base import FOREVER
from app.services import evidence, feedback, health, interaction, tenure
from app.services import workspace as workspaces
from app.services.row import Options, Ref
from app.uow import reads
from app.worker import Worker

TODAY = date(2026, 6, 15)


@reads(Scope.PREDICTION_READ)
def known(uow, ids):
    return evidence.of(uow, ids)


def ago(days):
    return TODAY - timedelta(days=days)


def say(people, name, who, days, score, **more):
    row = {
        "external_id": name,
        "kind": "CSAT",
        "score": score,
        "occurred_at": ago(days),
        "customer": Ref(external_id=who),
    }
    (result,) = people.write(feedback.record_batch, [row | more], Options(create_missing=True))
    assert not result.problems, result.problems


def complain(people, name, who, *, resolved=False, **more):
    at = datetime(2026, 6, 1, 8, tzinfo=UTC)
    events = [{"kind": "CUSTOMER_MESSAGE", "at": at}]
    events += [{"kind": "RESOLVED", "at": at + timedelta(hours=4)}] if resolved else []
    row = {
        "external_id": name,
        "kind": "COMPLAINT",
        "occurred_at": at,
        "events": events,
        "customer": Ref(external_id=who),
    }
    (result,) = people.write(interaction.record_batch, [row | more], Options(create_missing=True))
    assert not result.problems, result.problems


@pytest.fixture
def ids(workspace, database):
    """Ann, about whom everything is known; Bea, who has only said something; Cay, of whom there is nothing."""
    predicting.meet(workspace, *({"external_id": name} for name in ("ann", "bea", "cay")))
    put(workspace, "order", *(sold(f"o{n}", 20, ago(n), "ann") for n in (300, 240, 240, 180, 60)))
    put(workspace, "order", sold("called off", 20, ago(5), "ann", status="CANCELLED"))
    use = {"type": "login", "customer": "ann"}
    put(workspace, "engagement", *(use | {"external_id": f"u{n}", "occurred_at": ago(n)} for n in (180, 120, 12)))
    say(workspace, "f1", "ann", 400, 1)
    say(workspace, "f2", "ann", 200, 5)
    say(workspace, "f3", "ann", 20, 3)
    say(workspace, "f4", "ann", 10, None)
    say(workspace, "f5", "ann", 9, 1, kind="COMMENT")
    say(workspace, "f6", "bea", 30, 8, kind="NPS")
    complain(workspace, "i1", "ann")
    complain(workspace, "i2", "ann", resolved=True)
    complain(workspace, "i3", "ann", standing="WITHDRAWN")
    complain(workspace, "i4", "ann", kind="QUESTION")
    found = {row["external_id"]: row["customer_id"] for row in stored.rows(database, "customer_external_id")}
    return [found[name] for name in ("ann", "bea", "cay")]


def test_what_is_known_of_each_is_counted_by_hand(workspace, ids):
    ann, bea, cay = (workspace.read(known, ids)[id_] for id_ in ids)
    # on six days: 300, 240, 180, 120, 60 and 12 days ago, of which two within the last ninety
    assert (ann.first, ann.last, ann.days, ann.recent) == (ago(300), ago(12), 6, 2)
    assert (ann.since, ann.gap, ann.due) == (12, 288 / 5, 288 / 5)
    assert ann.usual == pytest.approx(4 / 210 * 90)
    assert (ann.said, ann.said_on, ann.before, ann.open) == (500_000, ago(20), 1_000_000, 1)
    assert (bea.first, bea.days, bea.said, bea.before, bea.open) == (None, 0, 800_000, None, 0)
    assert (cay.first, cay.said, cay.open) == (None, None, 0)


def test_the_score_is_what_that_comes_to(workspace, ids):
    found = workspace.read(health.of_customers, ids)
    ann, bea, cay = (found[id_] for id_ in ids)
    usual = 4 / 210 * 90
    assert [one.share for one in ann.parts] == pytest.approx([1, min(2 / usual, 1), 0.5, 0.5])
    assert ann.score == pytest.approx(30 + 25 + 12.5 + 10)
    assert bea.score == pytest.approx((25 * 0.8 + 20) / 45 * 100)
    assert (cay.score, cay.lack) == (None, "NO_DATA")
    workspace.write(workspaces.update, {"health_weights": {"recency": 0, "frequency": 0, "complaints": 75}})
    assert workspace.read(health.of_customers, ids)[ids[0]].score == pytest.approx(25 * 0.5 + 75 * 0.5)
    workspace.write(workspaces.update, {"health_weights": None})
    assert workspace.read(health.of_customers, ids)[ids[0]].score == ann.score


def test_where_activity_decides_who_is_lost_has_neither_recency_nor_frequency(workspace, database):
    """Ann bought 100, 80, 60 and 39 days ago, Bob 100, 80, 60 and 40 days ago: with 40 days Bob is lost today."""
    for who, last in (("ann", 39), ("bob", 40)):
        put(workspace, "order", *(sold(f"{who}{n}", 20, ago(n), who) for n in (100, 80, 60, last)))
    of = {row["external_id"]: row["customer_id"] for row in stored.rows(database, "customer_external_id")}
    ids = [of["ann"], of["bob"]]

    def judge():
        found = workspace.read(health.of_customers, ids)
        return [[one.share for one in found[id_].parts[:2]] for id_ in ids]

    # every 61/3 and 60/3 days; by the usual windows there is not half a year of history
    usual = [[pytest.approx((61 - 39) / (2 * 61 / 3)), None], [pytest.approx((60 - 40) / 40), None]]
    assert judge() == usual
    workspace.write(workspaces.update, {"inactivity_window_days": 40})
    assert judge() == usual  # it goes by status still
    workspace.write(workspaces.update, {"active_by": "CONTRACT"})
    assert judge() == usual
    workspace.write(workspaces.update, {"active_by": "ACTIVITY"})
    Worker(workspace.door).drain()
    spells = workspace.read(tenure.spells, ids)
    assert [spells[id_][-1].end for id_ in ids] == [FOREVER, TODAY]
    # once in the last 40 days, and three times in the 60 before
    ann = [pytest.approx((40 - 39) / (40 - 61 / 3)), pytest.approx(1 / (3 / 60 * 40))]
    assert judge() == [ann, [0, 0]]


def test_without_conversations_complaints_are_left_out(workspace, database):
    say(workspace, "f1", "ann", 20, 4)
    ann = stored.rows(database, "customer_external_id")[0]["customer_id"]
    health_ = workspace.read(health.of_customers, [ann])[ann]
    assert health_.score == pytest.approx(75)
    assert [one.share is None for one in health_.parts] == [True, True, False, True]


@pytest.mark.some(1)
@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ({"recency": 0, "frequency": 0, "satisfaction": 0, "complaints": 0}, "must weigh something"),
        ({"recency": 101}, "100 or less"),
        ({"complaints": -1}, "0 or more"),
    ],
)
def test_weights_that_cannot_be_are_refused(workspace, database, weights, why):
    before = stored.everything(database)
    with pytest.raises(workspaces.Invalid, match=why):
        workspace.write(workspaces.update, {"health_weights": weights})
    assert stored.everything(database) == before
