"""When customers leave: counted by hand, month by month; and how far predictions come true."""

from collections import Counter
from math import exp, log

import pytest
from buying_oracle import chance

from app.prediction import leaving
from app.prediction.calibration import Group, brier, groups
from app.prediction.leaving import DAYS, Time
from app.prediction.special import digamma, inverse, logistic, normal, solved

BOUNDS = (0, 3, 6, 12, 24)


def months(count, *, over=False, traits=("a",)):
    """A time that ended, or still lasts, in the middle of its month of that number, from 0."""
    return Time(round((count + 0.5) * DAYS), over, traits)


def made_up(rng, count, odds, until=40):
    """Times of so many people by chance: each month they leave with a chance that `odds` tells of month and traits."""
    found = []
    for _ in range(count):
        traits, seen = (rng.choice("abc"), rng.choice(("x", "y", None))), rng.randrange(1, until)
        month = 0
        while month < seen and rng.random() >= odds(month, traits):
            month += 1
        found.append(months(month, over=month < seen, traits=traits))
    return found


def test_survival_is_counted_by_hand():
    times = [months(0, over=True), months(1, over=True), months(1), months(2, over=True), months(3), months(0)]
    # six began; one was in its first month only, so that five were at risk in it
    assert leaving.survival(times) == [
        (0, 5, 1, pytest.approx(4 / 5)),
        (1, 3, 1, pytest.approx(4 / 5 * 2 / 3)),
        (2, 2, 1, pytest.approx(4 / 5 * 2 / 3 * 1 / 2)),
    ]


def test_survival_of_nobody():
    assert leaving.survival([]) == []
    assert leaving.survival([months(0)]) == []


def test_the_odds_are_where_what_was_seen_is_likeliest():
    """At the maximum what was seen exceeds what is expected by just what the prior holds back, month by month."""
    rng = chance(21)
    times = made_up(rng, 3_000, lambda month, traits: 0.08 if traits[0] == "a" else 0.03 if month < 6 else 0.015)
    model = leaving.fitted(times, 2)
    excess = Counter()
    for days, is_over, traits in times:
        last = int(days / DAYS)
        for month in range(last + is_over):
            left = is_over and month == last
            more = left - model.chance(month, traits)
            excess["base"] += more
            excess[max(place for place, start in enumerate(BOUNDS) if month >= start)] += more
            for place, value in enumerate(traits):
                if value:
                    excess[place, value] += more
    assert excess["base"] == pytest.approx(0, abs=1e-5)
    for place, effect in enumerate(model.steps):
        assert excess[place] == pytest.approx(0.01 * effect, abs=1e-5)
    for place, levels in enumerate(model.effects):
        for value, effect in levels.items():
            assert excess[place, value] == pytest.approx(effect, abs=1e-5)


def test_what_made_people_leave_is_found_again():
    times = made_up(chance(22), 8_000, lambda month, traits: 0.10 if traits[0] == "a" else 0.04 if month < 6 else 0.02)
    model = leaving.fitted(times, 2)
    assert model.chance(1, ("a", "x")) == pytest.approx(0.10, rel=0.2)
    assert model.chance(1, ("b", "y")) == pytest.approx(0.04, rel=0.2)
    assert model.chance(20, ("c", None)) < model.chance(1, ("c", None))
    assert exp(model.effects[0]["a"] - model.effects[0]["b"]) > 2
    assert abs(model.effects[1]["x"] - model.effects[1]["y"]) < 0.2


def test_few_people_prove_little():
    """One of two who left would be half of them; the prior keeps the effect within reason."""
    many = [months(20, traits=("many",)) for _ in range(500)] + [months(5, over=True, traits=("many",))] * 25
    model = leaving.fitted([*many, months(3, over=True, traits=("few",)), months(3, traits=("few",))], 1)
    assert 0 < model.effects[0]["few"] < log(10)
    assert model.effect(("never seen",)) == 0


def test_within_some_months_is_what_is_left_of_staying_in_each():
    model = leaving.Leaving(log(0.05 / 0.95), (0.5, 0.0, 0.0, 0.0, -0.5), ({"a": 0.2},))
    stays = 1.0
    for month in range(2, 14):
        step = 0.5 if month < 3 else 0.0
        odds = 0.05 / 0.95 * exp(step + 0.2)
        stays *= 1 - odds / (1 + odds)
    assert model.within(round(2 * DAYS + 0.1), 12, ("a",)) == pytest.approx(1 - stays, rel=2e-3)
    half = model.within(round(30 * DAYS + 0.1), 0.5, (None,))
    odds = 0.05 / 0.95 * exp(-0.5)
    assert half == pytest.approx(1 - (1 - odds / (1 + odds)) ** 0.5, rel=1e-2)


def test_calibration_by_hand():
    pairs = [(0.1, False)] * 9 + [(0.1, True)] + [(0.8, True)] * 8 + [(0.8, False)] * 2
    found = groups(pairs)
    assert len(found) == 10
    assert sum(one.count for one in found) == 20
    assert sum(one.count * one.observed for one in found) == pytest.approx(9)
    assert [one.predicted for one in found] == pytest.approx([0.1] * 5 + [0.8] * 5)
    expected = (9 * 0.1**2 + 0.9**2 + 8 * 0.2**2 + 2 * 0.8**2) / 20
    assert brier(pairs) == pytest.approx(expected)


def test_fewer_than_ten_are_as_many_groups():
    assert groups([(0.2, True), (0.1, False)]) == [Group(1, 0.1, 0.0), Group(1, 0.2, 1.0)]


def test_special_functions_at_known_places():
    euler = 0.5772156649015329
    assert digamma(1) == pytest.approx(-euler, abs=1e-12)
    assert digamma(0.5) == pytest.approx(-euler - 2 * log(2), abs=1e-12)
    assert digamma(100.0) == pytest.approx(4.600161852738087, abs=1e-12)
    assert normal(0) == 0.5
    assert normal(1.959963984540054) == pytest.approx(0.975, abs=1e-12)
    assert [logistic(x) for x in (-800, 0, 800)] == pytest.approx([0, 0.5, 1])


def test_small_systems_of_equations():
    assert solved([[4.0, 2.0], [2.0, 3.0]], [2.0, 5.0]) == pytest.approx([-0.5, 2.0])
    assert solved([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0]) is None  # which is not definite
    assert inverse([[2.0, 1.0], [1.0, 2.0]]) == [pytest.approx([2 / 3, -1 / 3]), pytest.approx([-1 / 3, 2 / 3])]
