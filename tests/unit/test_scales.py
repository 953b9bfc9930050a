"""Scores on their scales: which satisfy, where they lie, and what is no score at all."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Code, Invalid
from app.kpis.feedback import SATISFIED
from app.models.feedback import FeedbackKind
from app.services.feedback import FeedbackRow
from app.services.scale import position, scale_of

CSAT, NPS = FeedbackKind.CSAT, FeedbackKind.NPS


def row(kind=CSAT, **given_):
    return FeedbackRow(external_id="f1", kind=kind, occurred_at=date(2026, 6, 1), **given_)


@pytest.mark.parametrize(
    ("worst", "best", "satisfying"),
    [
        # as satisfaction is defined
        (1, 3, {3}),
        (1, 5, {4, 5}),
        (1, 6, {5, 6}),
        (1, 7, {6, 7}),
        (1, 10, {8, 9, 10}),
        # the same backwards: 1 is best
        (3, 1, {1}),
        (5, 1, {1, 2}),
        (6, 1, {1, 2}),
        (7, 1, {1, 2}),
        (10, 1, {1, 2, 3}),
        # and where 0 or less is the worst
        (0, 1, {1}),
        (0, 10, {7, 8, 9, 10}),
        (-2, 2, {1, 2}),
        (2, -2, {-1, -2}),
        (0, 100, set(range(70, 101))),
    ],
)
def test_an_answer_satisfies_from_seventy_percent_of_the_way(worst, best, satisfying):
    assert SATISFIED == 700_000
    scale = range(min(worst, best), max(worst, best) + 1)
    assert {score for score in scale if position(score, worst, best, CSAT) >= SATISFIED} == satisfying


@pytest.mark.parametrize(("score", "satisfies"), [(3.8, True), (3.79, False), (3.7999, False), (3.81, True)])
def test_seventy_percent_of_the_way_is_seventy_percent(score, satisfies):
    assert (position(score, 1, 5, CSAT) >= SATISFIED) is satisfies


@given(st.integers(-1_000, 1_000), st.integers(-1_000, 1_000), st.data())
def test_a_position_is_the_nearest_millionth_of_the_way(worst, best, data):
    if worst == best:
        return
    score = data.draw(st.integers(min(worst, best), max(worst, best)))
    exact = Fraction(score - worst, best - worst) * 1_000_000
    found = position(score, worst, best, CSAT)
    assert abs(found - exact) <= Fraction(1, 2)
    assert found + position(score, best, worst, CSAT) in (1_000_000, 1_000_001, 999_999)


def test_the_ends_are_nothing_and_the_whole():
    for worst, best in ((1, 5), (5, 1), (0, 10), (-1_000, 1_000)):
        assert position(worst, worst, best, CSAT) == 0
        assert position(best, worst, best, CSAT) == 1_000_000


def test_a_skipped_answer_lies_nowhere():
    assert position(None, 1, 5, CSAT) is None
    assert position(None, 0, 10, NPS) is None


@pytest.mark.parametrize("score", [0, 0.999, 5.001, 6, -1, 1e300])
def test_a_score_outside_its_scale_is_refused(score):
    for worst, best in ((1, 5), (5, 1)):
        with pytest.raises(Invalid, match="outside its scale") as refused:
            position(score, worst, best, CSAT)
        assert [(p.path, p.code) for p in refused.value.problems] == [(("score",), Code.OUT_OF_RANGE)]


@pytest.mark.parametrize("score", [11, 4.5, -1, 9.999])
def test_nps_takes_whole_numbers_from_zero_to_ten_only(score):
    with pytest.raises(Invalid) as refused:
        position(score, 0, 10, NPS)
    assert [(p.path, p.code) for p in refused.value.problems] == [(("score",), Code.OUT_OF_RANGE)]
    assert [position(score, 0, 10, NPS) for score in range(11)] == list(range(0, 1_000_001, 100_000))


@pytest.mark.parametrize(
    ("kind", "given_", "scale"),
    [
        (CSAT, {}, (1, 5)),
        (NPS, {}, (0, 10)),
        (FeedbackKind.CES, {}, (1, 5)),
        (FeedbackKind.REVIEW, {}, (1, 5)),
        (CSAT, {"scale_best": 7}, (1, 7)),
        (CSAT, {"scale_worst": 0, "scale_best": 100}, (0, 100)),
        (CSAT, {"scale_worst": 5, "scale_best": 1}, (5, 1)),
        (CSAT, {"scale_worst": -1_000, "scale_best": 1_000}, (-1_000, 1_000)),
        (NPS, {"scale_worst": 0, "scale_best": 10}, (0, 10)),
        (CSAT, {"scale_worst": 1.0, "scale_best": 5.0}, (1, 5)),
    ],
)
def test_a_scale_is_as_it_is_said_or_as_the_kind_has_it(kind, given_, scale):
    found = scale_of(row(kind, **given_))
    assert found == scale
    assert all(type(end) is int for end in found)


@pytest.mark.parametrize(
    ("kind", "given_", "path"),
    [
        (CSAT, {"scale_worst": 3, "scale_best": 3}, "scaleBest"),
        (CSAT, {"scale_worst": 5}, "scaleBest"),
        (CSAT, {"scale_worst": 0.5}, "scaleWorst"),
        (CSAT, {"scale_best": 4.5}, "scaleBest"),
        (CSAT, {"scale_worst": -1_001}, "scaleWorst"),
        (CSAT, {"scale_best": 1_001}, "scaleBest"),
        (NPS, {"scale_best": 5}, "scaleBest"),
        (NPS, {"scale_worst": 1}, "scaleWorst"),
        (NPS, {"scale_worst": 10, "scale_best": 0}, "scaleWorst"),
    ],
)
def test_what_is_no_scale_is_refused(kind, given_, path):
    with pytest.raises(Invalid) as refused:
        scale_of(row(kind, **given_))
    assert refused.value.problems[0].path == (path,)
