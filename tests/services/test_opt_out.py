"""Who objects to profiles: from the same transaction on nothing is told or counted of them, or learnt from them."""

from datetime import date, timedelta

import buying_oracle as oracle
import predicting
import pytest
import stored
from trading import put, sold

from app.actor import ORDINARY, Scope
from app.errors import Forbidden
from app.services import churn_reason, health, kpi, merge, prediction, prediction_fit, rollup
from app.services.cursor import Order
from app.services.kpi import Question
from app.services.page import Slice
from app.services.period import NamedPeriod
from app.services.row import Ref
from app.worker import Worker

START, DAYS = date(2024, 7, 1), 700


def named(database, people, external_id):
    rows = stored.rows(database, "customer_external_id", people.id)
    return next(row["customer_id"] for row in rows if row["external_id"] == external_id)


def told(people, *ids):
    """Everything that is told of these customers one by one."""
    found = {}
    for service in (prediction.of_customers, churn_reason.of_customers):
        found[service.__qualname__ + service.__module__] = people.read(service, ids)
    found["health"] = {id_: (one.score, one.parts) for id_, one in people.read(health.of_customers, ids).items()}
    return found


def listed(people, order="churn_risk"):
    """Whom the list of predictions has, in that order, and how many it counts."""
    page = people.read(prediction.LIST.page, Slice(100), None, [Order(order, descending=True)])
    return [row.customer_id for row in page.rows], people.read(prediction.LIST.count, None)


def clv(people):
    (answer,) = people.read(kpi.answer, [Question("CLV", NamedPeriod.THIS_MONTH, "predictive")])
    return answer.figure


def object_(people, *names, **more):
    predicting.meet(people, *({"external_id": name, "profiling_opt_out": True} for name in names), **more)


@pytest.fixture
def known(workspace, database):
    """Three customers with purchases, of whom something is predicted; their ids."""
    put(workspace, "order", *(sold(f"o{n}", 50, date(2026, 5, 1 + n), f"p{n}") for n in range(3)))
    workspace.write(predicting.put, "p0", "p1", "p2")
    return [named(database, workspace, f"p{n}") for n in range(3)]


def test_an_objection_holds_at_once_and_for_nobody_else(workspace, database, known):
    first, *others = known
    before = told(workspace, *others)
    assert told(workspace, first)["health"][first][0] is not None
    assert (clv(workspace).value, clv(workspace).denominator) == (15, 3)
    object_(workspace, "p0")
    assert told(workspace, first) == {
        "of_customersapp.services.prediction": {},
        "of_customersapp.services.churn_reason": {},
        "health": {first: (None, ())},
    }
    assert workspace.read(prediction.lacks, known) == {first: "OPTED_OUT"}
    assert workspace.read(health.of_customers, known)[first].lack == "OPTED_OUT"
    assert told(workspace, *others) == before
    for order in ("churn_risk", "predicted_value", "alive", "expected_purchases", "day"):
        ids, total = listed(workspace, order)
        assert (set(ids), total) == (set(others), 2)
    assert {row["customer_id"] for row in stored.rows(database, "prediction")} == set(others)
    assert (clv(workspace).value, clv(workspace).denominator) == (15, 2)
    workspace.write(rollup.compact)
    assert clv(workspace).denominator == 2


def test_who_objects_no_more_is_predicted_of_by_the_next_fit_only(workspace, known):
    object_(workspace, "p0")
    predicting.meet(workspace, {"external_id": "p0", "profiling_opt_out": False})
    assert workspace.read(prediction.lacks, known) == {known[0]: "NO_DATA"}
    assert workspace.read(health.of_customers, known)[known[0]].score is not None
    assert len(listed(workspace)[0]) == 2


def test_an_objection_that_is_refused_changes_nothing(workspace, database, known):
    before = stored.everything(database)
    dana = workspace.actor(ORDINARY - {Scope.CUSTOMER_WRITE})
    row = {"external_id": "p0", "profiling_opt_out": True}
    with pytest.raises(Forbidden):
        workspace.write(predicting.customer.upsert_batch, [row], predicting.Options(), by=dana)
    (result,) = workspace.write(
        predicting.customer.upsert_batch, [row | {"churned_on": date(2026, 1, 1)}], predicting.Options()
    )
    assert result.problems
    workspace.write(predicting.customer.upsert_batch, [row], predicting.Options(dry_run=True))
    assert stored.everything(database) == before


def test_what_is_absent_keeps_an_objection(workspace, known):
    object_(workspace, "p0")
    predicting.meet(workspace, {"external_id": "p0", "name": "Ann"})
    assert workspace.read(prediction.lacks, known) == {known[0]: "OPTED_OUT"}


def test_whoever_turns_out_to_be_a_test_customer_is_forgotten_too(workspace, known):
    predicting.meet(workspace, {"external_id": "p1", "is_test": True})
    assert workspace.read(prediction.lacks, known) == {known[1]: "TEST_CUSTOMER"}
    assert workspace.read(health.of_customers, known)[known[1]].lack == "TEST_CUSTOMER"
    assert clv(workspace).denominator == 2


@pytest.mark.parametrize("objects", ["p0", "p1"])
def test_of_two_who_become_one_the_objection_of_either_holds(workspace, database, known, objects):
    object_(workspace, objects)
    workspace.write(merge.merge, Ref(external_id="p0"), Ref(external_id="p1"))
    assert {row["customer_id"] for row in stored.rows(database, "prediction")} == {known[2]}
    assert workspace.read(prediction.lacks, known[1:2]) == {known[1]: "OPTED_OUT"}
    assert clv(workspace).denominator == 1


def test_who_becomes_part_of_another_is_predicted_of_no_more(workspace, database, known):
    workspace.write(merge.merge, Ref(external_id="p0"), Ref(external_id="p1"))
    assert {row["customer_id"] for row in stored.rows(database, "prediction")} == set(known[1:])


def test_who_may_not_see_personal_data_is_told_of_nobody(workspace, known):
    assert workspace.read(churn_reason.of_customers, known, by=workspace.bob) == {}
    found = workspace.read(health.of_customers, known, by=workspace.bob)
    assert {(one.score, one.lack, one.parts) for one in found.values()} == {(None, "PERSONAL", ())}
    with pytest.raises(Forbidden, match="churn_risk"):
        workspace.read(prediction.LIST.page, Slice(9), None, [Order("churn_risk")], by=workspace.bob)
    with pytest.raises(Forbidden, match="alive"):
        workspace.read(prediction.LIST.count, {"alive": {"gt": 0.4}}, by=workspace.bob)


@pytest.mark.slow
def test_nothing_is_learnt_from_who_objects(workspace, database):
    """Not even where they object between the fit and what it says of everybody."""
    rng = oracle.chance(12)
    bought = predicting.simulated(rng, 125, DAYS, r=0.8, alpha=60.0, a=0.8, b=2.5)
    predicting.trade(workspace, bought, START, rng)
    object_(workspace, *(f"p{n}" for n in range(10)))
    sample = workspace.read(prediction_fit.gather)
    assert sample.buyers.people.total() == 115
    workspace.write(prediction_fit.store, prediction_fit.fitted(sample))
    object_(workspace, "p10", "p11")
    while workspace.write(prediction.step):
        pass
    known = {row["customer_id"] for row in stored.rows(database, "prediction")}
    silent = {named(database, workspace, f"p{n}") for n in range(12)}
    assert not known & silent
    assert len(known) == 113
    days = [day for days in bought[10:] for day in days[1:] if START + timedelta(days=day) < date(2026, 6, 15)]
    assert sum(one.again * n for one, n in sample.buyers.people.items()) == len(days)
    Worker(workspace.door).drain()
    assert clv(workspace).denominator == 113
