"""Fits and what they predict: from recorded orders and spells to stored predictions and the KPI over them."""

import shutil
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import sqrt

import buying_oracle as oracle
import predicting
import pytest
import stored
from prediction_oracle import predictive
from trading import MAY, back, put, sold
from uuid_utils.compat import uuid7

from app.actor import ORDINARY, Scope
from app.bus import Bus
from app.db import Database
from app.errors import Forbidden, Invalid
from app.kpis.dimension import Dimension
from app.models.prediction import FitOutcome
from app.services import kpi, prediction_fit, rebuild
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import NamedPeriod, Span
from app.services.slices import Filter
from app.settings import Settings
from app.uow import Door
from app.worker import Worker

START = date(2024, 7, 1)
TODAY = date(2026, 6, 15)
DAYS = (TODAY - START).days
HORIZON = round(12 * 30.4375)
COUNT = 130
NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
TRUTH = {"r": 0.8, "alpha": 60.0, "a": 0.8, "b": 2.5}


def courses(database, people):
    """By customer, what was net on each day of purchases before today, from the rows of orders."""
    found = defaultdict(lambda: defaultdict(int))
    for row in stored.rows(database, "customer_order", people.id):
        if row["status"].value == "COMPLETED" and row["deleted_at"] is None and row["net"] and row["day"] < TODAY:
            found[row["customer_id"]][row["day"]] += row["net"]
    return found


def fits(database, people):
    return sorted(stored.rows(database, "prediction_fit", people.id), key=lambda row: row["fitted_at"])


def clv(people, period=MAY, filters=(), dimension=None, **more):
    (answer,) = people.read(kpi.answer, [Question("CLV", period, "predictive", filters, by=dimension)], **more)
    return answer


def open_shop(people):
    """Customers who buy by chance, and one purchase of today, which is not over."""
    rng = oracle.chance(5)
    predicting.trade(people, predicting.simulated(rng, COUNT, DAYS, **TRUTH), START, rng)
    put(people, "order", sold("today", 900, TODAY, "p0"))
    return people


@pytest.fixture
def shop(workspace):
    """A shop of customers who buy by chance."""
    return open_shop(workspace)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fitted(request, tmp_path_factory):
    """Such a shop of which has been predicted, on each engine, to be looked at: its people and its database."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("predictions") / "custograph.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        settings = Settings(database_url=f"sqlite:///{path}")
    else:
        server = request.getfixturevalue("postgresql_server")
        settings = Settings(database_url=server.url(server.copy()))
    door = Door(Database(settings), settings, Bus(), lambda: NOW)
    people = predicting.People(door, uuid7())
    people.write(workspaces.create, {"name": "Shop", "time_zone": "UTC", "currency": "EUR"})
    open_shop(people)
    predicting.meet(people, {"external_id": "p3", "segment": "gold"}, {"external_id": "p4", "segment": "gold"})
    assert clv(people).figure.reason == "INPUT_NOT_CONFIGURED"
    predicting.fit(people)
    yield people, settings
    door.close()


def test_each_customer_is_predicted_of_as_the_fitted_model_says(fitted):
    shop, database = fitted
    (fit,) = fits(database, shop)
    bought, rows = courses(database, shop), stored.rows(database, "prediction", shop.id)
    told = fit["buying"]
    assert (fit["buying_outcome"], fit["is_written"], fit["day"]) == (FitOutcome.FITTED, True, TODAY)
    assert told["customers"] == len(bought) == len(rows) == COUNT
    assert told["observed"] == sum(len(days) > 1 for days in bought.values())
    names = told["parameters"]
    model = [names[name] for name in ("r", "alpha", "a", "b")]
    p, q, gamma = (names[name] for name in ("p", "q", "gamma"))
    for row in sorted(rows, key=lambda row: row["predicted_value"])[::20]:
        days = sorted(bought[row["customer_id"]])
        one = (len(days) - 1, float((days[-1] - days[0]).days), float((TODAY - days[0]).days))
        alive, expected = oracle.alive(one, *model), oracle.purchases(one, HORIZON, *model)
        spent = [bought[row["customer_id"]][day] for day in days[1:]]
        mean = p * (gamma + sum(spent)) / (p * len(spent) + q - 1)
        assert row["day"] == days[0]
        assert row["alive"] == pytest.approx(alive, abs=1e-3)
        assert row["expected_purchases"] == pytest.approx(expected, rel=5e-3)
        assert row["predicted_value"] == pytest.approx(expected * mean, rel=6e-3, abs=1)
        assert row["churn_risk"] == (None if one[0] == 0 else pytest.approx(1 - alive, abs=1e-3))
        assert row["alive_low"] <= row["alive"] <= row["alive_high"]
        # of somebody nearly sure to have left the mean lies above what will not be passed
        assert row["purchases_low"] <= row["expected_purchases"] < row["purchases_high"] + 1
        assert row["value_low"] <= row["predicted_value"]
        assert row["predicted_value"] <= row["value_high"] or row["purchases_high"] == 0


def test_a_fit_is_held_against_days_that_it_does_not_know(fitted):
    shop, database = fitted
    (fit,) = fits(database, shop)
    held, bought = fit["buying"]["held_out"], courses(database, shop)
    first = min(min(days) for days in bought.values())
    since = TODAY - timedelta(days=min((TODAY - first).days // 3, HORIZON))
    known = [days for days in bought.values() if min(days) < since]
    came = [sum(day >= since for day in days) for days in known]
    assert (held["from"], held["before"]) == (since.isoformat(), TODAY.isoformat())
    assert (held["customers"], held["actual"]) == (len(known), sum(came))
    assert held["predicted"] == pytest.approx(sum(came), abs=3 * sqrt(2 * sum(came)))
    groups = held["groups"]
    assert sum(group["count"] for group in groups) == len(known)
    assert sum(group["count"] * group["observed"] for group in groups) == pytest.approx(sum(n > 0 for n in came))
    assert [group["predicted"] for group in groups] == sorted(group["predicted"] for group in groups)
    base = sum(n > 0 for n in came) / len(came)
    assert held["brier"] < 0.9 * base * (1 - base)  # better than to know the share alone
    assert 0 < held["mean_error"] < 2 * sum(came) / len(came)


def test_what_customers_are_expected_to_bring_is_a_kpi(fitted):
    shop, database = fitted
    rows = stored.rows(database, "prediction", shop.id)
    early = Span(START, START + timedelta(days=90))
    for period, end in ((MAY, MAY.end), (NamedPeriod.ALL_TIME, date.max), (early, early.end)):
        figure = clv(shop, period).figure
        assert (figure.exact * 100, figure.denominator) == predictive(rows, end)
    gold = [row["predicted_value"] for row in rows if row["segment"] == "gold"]
    assert len(gold) == 2
    assert clv(shop, filters=(Filter(Dimension.SEGMENT, ("gold",)),)).figure.exact * 200 == sum(gold)
    slices = clv(shop, dimension=Dimension.SEGMENT).figures
    assert {key: row[0].denominator for key, row in slices.items()} == {"gold": 2, "": len(rows) - 2}


def test_only_who_may_see_personal_data_may_cut_it(fitted):
    shop, _ = fitted
    assert clv(shop, by=shop.bob).figure.value is not None
    for more in ({"filters": (Filter(Dimension.SEGMENT, ("gold",)),)}, {"dimension": Dimension.REGION}):
        question = Question("CLV", MAY, "predictive", more.get("filters", ()), by=more.get("dimension"))
        (refusal,) = shop.read(kpi.answer, [question], by=shop.bob)
        assert isinstance(refusal, Forbidden)
        assert "personal:read" in refusal.text.en


@pytest.mark.slow
def test_what_was_added_up_is_what_a_rebuild_adds_up_and_a_second_fit_takes_the_first_back(shop, database, clock):
    predicting.fit(shop)
    first = clv(shop).figure
    put(shop, "order", *(sold(f"more{n}", 50, TODAY - timedelta(days=n), f"p{n}") for n in range(1, 40)))
    clock.advance(days=1)
    predicting.fit(shop)
    assert [row["is_written"] for row in fits(database, shop)] == [True, True]
    second, rows = clv(shop).figure, stored.rows(database, "prediction", shop.id)
    assert {row["fit_id"] for row in rows} == {fits(database, shop)[1]["id"]}
    assert second.value > first.value
    assert second.exact * 100 * len(rows) == sum(row["predicted_value"] for row in rows)
    cells = {cell: told for cell, told in stored.from_rollups(database, shop.id).items() if cell[0] == "prediction"}
    shop.write(rebuild.start, ["prediction"])
    Worker(shop.door).drain()
    assert clv(shop).figure == second
    again = {cell: told for cell, told in stored.from_rollups(database, shop.id).items() if cell[0] == "prediction"}
    assert again == cells


@pytest.mark.slow
def test_a_purchase_without_a_rate_has_no_worth_and_neither_has_what_is_predicted_from_it(shop, database):
    put(shop, "order", sold("dollars", 10, TODAY - timedelta(days=9), "p0", currency="USD"))
    predicting.fit(shop)
    (missing,) = [row for row in stored.rows(database, "prediction", shop.id) if row["predicted_value"] is None]
    assert missing["expected_purchases"] > 0
    assert clv(shop).figure.reason == "MISSING_FX"


@pytest.mark.slow
def test_what_is_given_back_in_full_was_no_purchase(shop, database):
    day = START + timedelta(days=3)
    put(shop, "order", sold("gone", "80", day, "nobody"), sold("half", "80", day, "somebody"))
    put(shop, "refund", back("r1", "gone", "80", day), back("r2", "half", "30", day))
    predicting.fit(shop)
    named = {row["external_id"]: row["customer_id"] for row in stored.rows(database, "customer_external_id", shop.id)}
    known = {row["customer_id"] for row in stored.rows(database, "prediction", shop.id)}
    assert named["somebody"] in known
    assert named["nobody"] not in known


def test_too_little_is_no_model_and_says_why(workspace, database):
    predicting.fit(workspace)
    rng = oracle.chance(7)
    predicting.trade(workspace, [[n % 400] for n in range(99)], START, rng)
    predicting.fit(workspace)
    predicting.trade(workspace, [[n % 400] for n in range(119)], START, rng)
    predicting.fit(workspace)
    found = [(row["buying_outcome"].value, row["buying"]["customers"]) for row in fits(database, workspace)]
    assert sorted(found) == [("TOO_FEW_CUSTOMERS", 0), ("TOO_FEW_CUSTOMERS", 99), ("TOO_FEW_RETURNS", 119)]
    assert {row["leaving_outcome"].value for row in fits(database, workspace)} == {"TOO_FEW_CUSTOMERS"}
    assert stored.rows(database, "prediction", workspace.id) == []
    assert clv(workspace).figure.reason == "INPUT_NOT_CONFIGURED"


@pytest.mark.slow
def test_a_fit_that_finds_too_little_takes_back_what_an_earlier_one_said(shop, database, clock):
    predicting.fit(shop)
    predicting.meet(shop, *({"external_id": f"p{n}", "profiling_opt_out": True} for n in range(COUNT // 2)))
    clock.advance(days=1)
    predicting.fit(shop)
    assert fits(database, shop)[-1]["buying_outcome"] is FitOutcome.TOO_FEW_CUSTOMERS
    assert stored.rows(database, "prediction", shop.id) == []
    assert clv(shop).figure.value is None


def test_models_are_fitted_every_week_by_themselves(workspace, database, clock):
    for week in range(1, 4):
        assert Worker(workspace.door).drain() >= 0
        assert len(fits(database, workspace)) == week - 1
        clock.advance(days=7)
        Worker(workspace.door).drain()
        assert len(fits(database, workspace)) == week


def test_a_fit_may_be_asked_for_at_a_time(workspace, database, clock):
    at = clock.now + timedelta(hours=9)
    assert workspace.write(prediction_fit.request, at, by=workspace.actor({Scope.PREDICTION_WRITE})) == at
    assert workspace.write(prediction_fit.request, datetime(2020, 1, 1, tzinfo=UTC)) == clock.now
    Worker(workspace.door).drain()
    assert len(fits(database, workspace)) == 1
    clock.advance(hours=9)
    Worker(workspace.door).drain()
    assert len(fits(database, workspace)) == 2
    before = stored.everything(database)
    with pytest.raises(Invalid, match="seven days"):
        workspace.write(prediction_fit.request, clock.now + timedelta(days=8))
    with pytest.raises(Forbidden):
        workspace.write(prediction_fit.request, None, by=workspace.actor(ORDINARY - {Scope.PREDICTION_WRITE}))
    assert stored.everything(database) == before


@pytest.mark.slow
def test_another_horizon_or_currency_is_predicted_anew(shop, database, clock):
    predicting.fit(shop)
    year = {row["customer_id"]: row for row in stored.rows(database, "prediction", shop.id)}
    clock.advance(minutes=1)
    shop.write(workspaces.update, {"prediction_horizon_months": 3})
    Worker(shop.door).drain()
    rows = stored.rows(database, "prediction", shop.id)
    assert fits(database, shop)[-1]["horizon_months"] == 3
    for row in rows:
        assert 0 < row["expected_purchases"] < year[row["customer_id"]]["expected_purchases"]
        assert row["alive"] == year[row["customer_id"]]["alive"]
    clock.advance(minutes=1)
    shop.write(workspaces.update, {"currency": "USD"})
    assert stored.rows(database, "prediction", shop.id) == []
    assert clv(shop).figure.value is None
    pair, days = {"from_": "EUR", "to": "USD", "rate": Decimal("1.5")}, [START + timedelta(days=n) for n in range(DAYS)]
    for some in (days[:400], days[400:]):
        put(shop, "rate", *(pair | {"external_id": f"{day:%F}", "date": day} for day in some))
    Worker(shop.door).drain()
    for row in stored.rows(database, "prediction", shop.id):
        before = next(one for one in rows if one["customer_id"] == row["customer_id"])
        assert row["currency"] == "USD"
        assert row["predicted_value"] == pytest.approx(1.5 * before["predicted_value"], rel=0.01, abs=2)


# those who are bound


def members(rng):
    """Members who leave month by month, those of the segment smb three times as often."""
    rows = []
    for n in range(300):
        segment, start = ("smb", "big")[n % 2], START + timedelta(days=rng.randrange(600))
        row = {"external_id": f"m{n}", "segment": segment, "region": "north", "joined_on": start}
        month = 0
        while rng.random() >= (0.12 if segment == "smb" else 0.04):
            month += 1
        end = start + timedelta(days=round((month + rng.random()) * 30.4375) + 1)
        rows.append(row | ({"churned_on": end} if end <= TODAY else {}))
    return rows


def test_members_are_predicted_of_by_their_time_and_what_they_are(workspace, database):
    rows = members(oracle.chance(8))
    predicting.meet(workspace, *rows)
    predicting.fit(workspace)
    (fit,) = fits(database, workspace)
    told, gone = fit["leaving"], [row for row in rows if "churned_on" in row]
    assert (fit["leaving_outcome"], told["customers"], told["observed"]) == (FitOutcome.FITTED, 300, len(gone))
    predictions = stored.rows(database, "prediction", workspace.id)
    assert len(predictions) == 300 - len(gone)
    effects = {value: effect for name, value, effect in told["effects"] if name == "segment"}
    bounds = (0, 3, 6, 12, 24)
    for row in predictions[::10]:
        stays, days = 1.0, (TODAY - row["day"]).days
        # in steps of a tenth of a month, each by the odds of the month that it lies in
        for tenth in range(120):
            month = int(days / 30.4375 + (tenth + 0.5) / 10)
            step = told["steps"][max(place for place, start in enumerate(bounds) if month >= start)]
            odds = 2.718281828459045 ** (
                told["base"] + step + effects[row["segment"]] + next(e for n, v, e in told["effects"] if v == "north")
            )
            stays *= (1 - odds / (1 + odds)) ** 0.1
        assert row["churn_risk"] == pytest.approx(1 - stays, abs=5e-3)
        assert (row["is_buyer"], row["alive"], row["predicted_value"]) == (False, None, None)
    risk = {segment: [row["churn_risk"] for row in predictions if row["segment"] == segment] for segment in effects}
    assert min(risk["smb"]) > max(risk["big"])
    held = told["held_out"]
    since = date.fromisoformat(held["from"])
    there = [r for r in rows if r["joined_on"] < since < r.get("churned_on", date.max)]
    assert (held["customers"], held["actual"]) == (len(there), sum("churned_on" in row for row in there))
    assert held["predicted"] == pytest.approx(held["actual"], rel=0.4)
    month, at_risk, left, kept = told["survival"][0]
    assert month == 0
    assert left == sum((row["churned_on"] - row["joined_on"]).days < 30.4375 for row in gone)
    assert kept == pytest.approx(1 - left / at_risk)


@pytest.mark.slow
def test_whoever_is_bound_is_judged_by_that_and_not_by_what_they_buy(shop, database):
    predicting.meet(shop, *members(oracle.chance(8)))
    predicting.meet(shop, *({"external_id": f"p{n}", "joined_on": START} for n in range(10)))
    predicting.fit(shop)
    found = defaultdict(set)
    for row in stored.rows(database, "prediction", shop.id):
        found[row["churn_basis"]].add((row["is_buyer"], row["predicted_value"] is not None))
    assert {basis and basis.value: told for basis, told in found.items()} == {
        None: {(True, True)},
        "BUYING": {(True, True)},
        "LEAVING": {(True, True), (False, False)},
    }
