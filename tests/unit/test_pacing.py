"""Pacing against sums done by hand: the golden vector, both directions, ratios and counts, the edges of every state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.kpi import Direction
from app.services.pacing import Pace, Reached, TargetState, pace, reaches, required_rate

UP, DOWN = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
MET, MISSED, ON_TRACK, AT_RISK = TargetState.MET, TargetState.MISSED, TargetState.ON_TRACK, TargetState.AT_RISK


def test_the_rest_must_run_at_96_36_percent():
    # 170 of 190 so far, 110 to come, the goal 92 % of all 300: 276 − 170 = 106 of 110
    assert required_rate(170, 190, 110, 92, 100) == pytest.approx(96.3636, abs=5e-5)


def test_the_same_from_what_was_reached_and_how_much_time_is_gone():
    found = pace(Reached(100 * 170 / 190, 190 / 300, 170, 190, 100), 92, 80, UP)
    assert found.required == pytest.approx(96.3636, abs=5e-5)
    assert found.attainment == pytest.approx((100 * 170 / 190 - 80) / 12)
    assert found.expected == 92
    assert found.state is AT_RISK


@given(st.integers(1, 1_000), st.integers(1, 1_000), st.data())
def test_running_at_the_required_rate_reaches_the_goal_exactly(answers, remaining, data):
    good, goal = data.draw(st.integers(0, answers)), data.draw(st.floats(0, 100))
    rate = required_rate(good, answers, remaining, goal, 100)
    assert 100 * (good + remaining * rate / 100) / (answers + remaining) == pytest.approx(goal, abs=1e-6)


def test_nothing_is_required_of_cases_that_will_not_come():
    assert required_rate(170, 190, 0, 92, 100) is None
    assert required_rate(170, 190, -1, 92, 100) is None


def test_what_is_required_is_a_score_where_the_kpi_is_one():
    # 30 promoters less 10 detractors of 100 so far, as many to come, the goal 30: the rest must score 40
    assert pace(Reached(20, 0.5, 20, 100, 100), 30, None, UP).required == pytest.approx(40)


@pytest.mark.parametrize(
    ("value", "elapsed", "direction", "state"),
    [
        # the time is up: at the goal or better is met
        (92, 1, UP, MET),
        (91.999, 1, UP, MISSED),
        (93, 1, UP, MET),
        (92, 1, DOWN, MET),
        (92.001, 1, DOWN, MISSED),
        (91, 1, DOWN, MET),
        # it runs: a ratio is on track where it is at the goal
        (92, 0.5, UP, ON_TRACK),
        (91.999, 0.5, UP, AT_RISK),
        (100, 0.999, UP, ON_TRACK),
        (92, 0.5, DOWN, ON_TRACK),
        (92.001, 0.5, DOWN, AT_RISK),
        (0, 0.5, DOWN, ON_TRACK),
        (92, 1.5, UP, MET),
    ],
)
def test_a_ratio_is_judged_by_the_goal(value, elapsed, direction, state):
    found = pace(Reached(value, elapsed, value, 100, 100), 92, None, direction)
    assert found.state is state
    assert found.expected == 92
    assert (found.required is None) == (elapsed >= 1)


@pytest.mark.parametrize(
    ("value", "elapsed", "direction", "state", "required"),
    [
        # 200 new customers wanted: half the time, half the count
        (100, 0.5, UP, ON_TRACK, 100),
        (99, 0.5, UP, AT_RISK, 101),
        (199, 0.999, UP, AT_RISK, 1),
        (200, 0.1, UP, MET, 0),  # a count only grows
        (201, 0.1, UP, MET, -1),
        (200, 1, UP, MET, None),
        (199, 1, UP, MISSED, None),
        # at most 200 departures wanted
        (100, 0.5, DOWN, ON_TRACK, 100),
        (101, 0.5, DOWN, AT_RISK, 99),
        (200, 0.5, DOWN, AT_RISK, 0),
        (201, 0.5, DOWN, MISSED, -1),  # a count never shrinks
        (200, 1, DOWN, MET, None),
        (201, 1, DOWN, MISSED, None),
        (0, 0.5, DOWN, ON_TRACK, 200),
    ],
)
def test_a_count_is_judged_by_its_share_of_the_time(value, elapsed, direction, state, required):
    found = pace(Reached(value, elapsed, value, accumulates=True), 200, 150, direction)
    assert (found.state, found.required) == (state, required)
    assert found.expected == 200 * elapsed
    assert found.attainment == (value / 200 if direction is UP else 200 / value if value else None)


@pytest.mark.parametrize(
    ("value", "elapsed", "goal", "direction", "expected", "required", "state"),
    [
        # at most 19 % may leave: after half the time an even loss has kept √0.81, and the rest may lose as much
        (9.99, 0.5, 19, DOWN, 10, 100 * (1 - 0.81 / 0.9001), ON_TRACK),
        (11, 0.5, 19, DOWN, 10, 100 * (1 - 0.81 / 0.89), AT_RISK),
        (9, 0.5, 19, DOWN, 10, 100 * (1 - 0.81 / 0.91), ON_TRACK),
        # the same told as who stays
        (90.01, 0.5, 81, UP, 90, 100 * 0.81 / 0.9001, ON_TRACK),
        (89, 0.5, 81, UP, 90, 100 * 0.81 / 0.89, AT_RISK),
        # 5 % a month is 46.0 % a year: 1 − 0.95¹² = 0.4596399, of which eleven months are left
        (4.99, 1 / 12, 45.96399, DOWN, 5, 43.12601, ON_TRACK),
        (19, 1, 19, DOWN, 19, None, MET),
        (20, 1, 19, DOWN, 19, None, MISSED),
        (100, 0.5, 19, DOWN, 10, None, AT_RISK),  # nobody is left to lose
    ],
)
def test_a_share_of_those_at_the_start_decays(value, elapsed, goal, direction, expected, required, state):
    found = pace(Reached(value, elapsed, value, 100, 100, decays=True), goal, None, direction)
    assert found.state is state
    assert found.expected == pytest.approx(expected, abs=1e-4)
    assert found.required == (None if required is None else pytest.approx(required, abs=1e-3))


@pytest.mark.parametrize("value", [None, 0, 95])
@pytest.mark.parametrize("elapsed", [0, -0.1])
def test_before_the_first_day_nothing_is_said(value, elapsed):
    assert pace(Reached(value, elapsed), 92, 80, UP) == Pace(TargetState.NOT_STARTED)


def test_without_data_the_goal_is_all_that_can_be_said():
    assert pace(Reached(None, 0.5), 92, 80, UP) == Pace(TargetState.NO_DATA, None, 92, 92)
    assert pace(Reached(None, 1), 92, 80, UP) == Pace(TargetState.NO_DATA, None, 92, None)
    assert pace(Reached(None, 0.25, accumulates=True), 200, None, UP) == Pace(TargetState.NO_DATA, None, 50, 200)


@pytest.mark.parametrize(
    ("value", "goal", "baseline", "attainment"),
    [
        (86, 92, 80, 0.5),
        (80, 92, 80, 0),
        (74, 92, 80, -0.5),
        (92, 92, 80, 1),
        (98, 92, 80, 1.5),
        (10, 5, 15, 0.5),  # churn from 15 to 5
        (5, 5, 15, 1),
        (20, 5, 15, -0.5),
        (46, 92, None, 0.5),
        (80, 80, 80, None),  # no way to go
        (0, 0, None, None),
    ],
)
def test_attainment_is_the_fraction_of_the_way_from_baseline_to_goal(value, goal, baseline, attainment):
    found = pace(Reached(value, 0.5, value, 100, 100), goal, baseline, DOWN if baseline == 15 else UP)
    assert found.attainment == attainment


def test_a_value_without_parts_requires_nothing_of_the_rest():
    assert pace(Reached(80, 0.5), 92, None, UP).required is None
    assert pace(Reached(80, 0.5, 80, 0, 100), 92, None, UP).required is None


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_what_reaches_the_goal_one_way_mirrors_the_other_way(value, goal):
    assert reaches(value, goal, UP) == reaches(-value, -goal, DOWN)
    assert reaches(goal, goal, UP)
    assert reaches(goal, goal, DOWN)
